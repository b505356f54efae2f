// The settings that operators set by hand, and the file that they are kept in.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Override } from "../../../src/api/admin-api.ts";
import { mergeOverride, readOverride } from "../../../src/control/backends/override.ts";
import { OverrideStore } from "../../../src/control/backends/override-store.ts";
import { temporaryHome } from "../../support/bal.ts";
import { silentLog } from "../../support/silent-log.ts";

function keptIn(file: string | null) {
  const warnings: string[] = [];
  const log = silentLog({ warn: (event) => warnings.push(event) });
  return { overrides: new OverrideStore(file, log), warnings };
}

test("they are there again after a restart, in a file for this user alone", () => {
  using home = temporaryHome();
  const file = join(home.path, "state.json");
  const { overrides } = keptIn(file);
  overrides.set("web", "a:1", { drain: true });
  overrides.set("web", "b:1", { weight: 0 });
  overrides.set("__proto__", "constructor", { drain: false, weight: 256 });
  overrides.set("web", "a:1", {});
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(home.path)).toEqual(["state.json"]);
  const { overrides: again, warnings } = keptIn(file);
  expect([
    again.of("web", "a:1"),
    again.of("web", "b:1"),
    again.of("__proto__", "constructor"),
  ]).toEqual([{}, { weight: 0 }, { drain: false, weight: 256 }]);
  expect(warnings).toEqual([]);
});

test("those of backends that are gone are dropped, from the file too", () => {
  using home = temporaryHome();
  const file = join(home.path, "state.json");
  const { overrides } = keptIn(file);
  overrides.set("web", "a", { drain: true });
  overrides.set("web", "b", { drain: true });
  overrides.keepOnly((_, backend) => backend === "b");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    overrides: [{ pool: "web", backend: "b", drain: true }],
  });
});

test.each([
  ["", "an empty file"],
  ["{", "one that was cut"],
  ["null", "no object"],
  ["{}", "no list"],
  ['{"overrides": {}}', "another kind of list"],
  ['{"overrides": [null]}', "no override"],
  ['{"overrides": [{"pool": "a"}]}', "no backend"],
  ['{"overrides": [{"pool": "a", "backend": "b", "weight": 1000}]}', "a weight out of range"],
  ['{"overrides": [{"pool": "a", "backend": "b", "drain": "yes"}]}', "a drain that is none"],
])("%j, %s, is a warning and no more", (text) => {
  using home = temporaryHome();
  const file = join(home.path, "state.json");
  writeFileSync(file, text);
  const { overrides, warnings } = keptIn(file);
  expect(warnings).toEqual(["state-unreadable"]);
  expect(overrides.of("a", "b")).toEqual({});
  overrides.set("a", "b", { drain: true });
  expect(keptIn(file).overrides.of("a", "b")).toEqual({ drain: true });
});

test("a file that can't be written is a warning, and the override holds", () => {
  using home = temporaryHome();
  const { overrides, warnings } = keptIn(join(home.path, "nowhere", "state.json"));
  overrides.set("a", "b", { drain: true });
  expect([overrides.of("a", "b"), warnings]).toEqual([{ drain: true }, ["state-unwritable"]]);
});

test("without a home they last as long as the process", () => {
  const { overrides, warnings } = keptIn(null);
  overrides.set("a", "b", { drain: true });
  expect([overrides.of("a", "b"), warnings]).toEqual([{ drain: true }, []]);
});

test.each<[unknown, string]>([
  [undefined, "expected an object"],
  [null, "expected an object"],
  [[], "expected an object"],
  [{ wieght: 1 }, "unknown key `wieght`; known here: drain, weight"],
  [JSON.parse('{"__proto__": 1}'), "unknown key `__proto__`"],
  [{ drain: 1 }, "`drain`: expected true or false, found 1"],
  [{ drain: null }, "`drain`: expected true or false, found nothing"],
  [{ weight: "3" }, "`weight`: expected an integer from 0 to 256"],
  [{ weight: 1.5 }, "`weight`: expected an integer from 0 to 256"],
  [{ weight: 257 }, "`weight`: expected an integer from 0 to 256, found 257"],
  [{ weight: -1 }, "`weight`: expected an integer from 0 to 256, found -1"],
])("%j is refused: %s", (value, message) => {
  const read = readOverride(value);
  expect(read).toMatchObject({ kind: "invalid", message: expect.stringContaining(message) });
});

test.each<[Override, Override, Override]>([
  [{}, { drain: true }, { drain: true }],
  [{ drain: true }, { weight: 5 }, { drain: true, weight: 5 }],
  [{ drain: true }, { drain: false }, {}],
  [{ drain: true, weight: 5 }, { weight: 1 }, { drain: true }],
  [{ weight: 5 }, { weight: 0 }, { weight: 0 }],
  [{}, { drain: false, weight: 1 }, {}],
  [{ drain: false }, { weight: 2 }, { drain: false, weight: 2 }],
])("%j, then %j, is %j: what is as the config says is none", (present, change, expected) => {
  const config = { isDraining: false, weight: 1 } as Parameters<typeof mergeOverride>[2];
  expect(mergeOverride(present, change, config)).toEqual(expected);
});
