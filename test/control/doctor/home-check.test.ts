import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkHome } from "../../../src/control/doctor/home-check.ts";
import { homeAt } from "../../../src/control/host/home.ts";
import { temporaryHome } from "../../support/bal.ts";

const SCHEMA = '{"title": "of this version"}';

/** `level: message`, with the home's path left out. */
function found(path: string): readonly string[] {
  return checkHome(homeAt(path), SCHEMA).map(
    ({ level, message }) => `${level}: ${message.replaceAll(path, "HOME")}`,
  );
}

test("a home that has the right owner and permissions, and one that is not there yet", () => {
  using home = temporaryHome();
  expect(found(home.path)).toEqual(["ok: HOME has the right owner and permissions"]);
  expect(found(join(home.path, "bal"))).toEqual([
    "ok: HOME does not exist yet: `bal start` creates it",
  ]);
});

test("rights that let others in", () => {
  using home = temporaryHome();
  chmodSync(home.path, 0o755);
  expect(found(home.path)).toEqual(["advice: other users may read HOME"]);
  chmodSync(home.path, 0o777);
  expect(found(home.path)).toEqual([
    "broken: other users may write to HOME, and could answer in place of bal",
  ]);
});

test("what a bal that was killed has left", () => {
  using home = temporaryHome();
  for (const name of ["bal.pid", "bal.sock", "bal.pid.123", "bal.log", "config.yaml"]) {
    writeFileSync(join(home.path, name), "1 1\n", { mode: 0o600 });
  }
  const [line, ...others] = found(home.path);
  expect(line?.split(/: |, /).sort()).toEqual([
    "advice",
    "bal.pid",
    "bal.pid.123",
    "bal.sock",
    "left by a bal that was killed",
  ]);
  expect(others).toEqual([]);
});

test("a schema of another version", () => {
  using home = temporaryHome();
  const file = join(home.path, "bal.schema.json");
  writeFileSync(file, `${SCHEMA}\n`);
  expect(found(home.path)).toEqual(["ok: HOME has the right owner and permissions"]);
  writeFileSync(file, "{}");
  expect(found(home.path)).toEqual([
    "advice: HOME/bal.schema.json is the schema of another version",
  ]);
});

test("a home that is a file, and one whose socket would have too long a path", () => {
  using home = temporaryHome();
  const file = join(home.path, "file");
  writeFileSync(file, "");
  expect(found(file)).toEqual(["broken: HOME is not a folder"]);
  const long = join(home.path, "x".repeat(100));
  mkdirSync(long, { mode: 0o700 });
  expect(found(long)).toEqual([
    expect.stringMatching(/^broken: HOME\/bal\.sock is 1\d\d bytes long; .* at most 107$/),
  ]);
});
