// The schema in the YAML language server, which VS Code, Neovim, Helix and others run. What it completes is put into
// the file and validated as `bal check` does.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { errorsOf, parse } from "../../support/findings.ts";
import { type Completion, inserted, LanguageServer } from "../../support/language-server.ts";

let server: LanguageServer;
beforeAll(async () => {
  server = await LanguageServer.start();
});
afterAll(() => server[Symbol.dispose]());

const LISTENERS = "listeners:\n  - {name: web, port: 443, pool: web}\n";
const POOLS = "pools: {web: {backends: [{host: a, port: 1}]}}\n";
const BACKEND = "backends:\n  - host: a\n    port: 1\n";

function wordsOf({ documentation = "" }: Completion): string {
  return typeof documentation === "string" ? documentation : documentation.value;
}

describe("a completion is a config that check accepts", () => {
  test.each([
    ["port: 443\nback|", "backends"],
    ["backends:\n  - |", "host, port"],
    [`${BACKEND}  - |`, "host, port"],
    [`${POOLS}list|`, "listeners"],
    [`listeners:\n  - |\n${POOLS}`, "name, port, pool"],
    [
      `${LISTENERS}  - |\n${POOLS}`.replace("web, port: 443", "other, port: 80"),
      "name, port, pool",
    ],
    [`${LISTENERS}pools:\n  web:\n    |`, "backends"],
    [`${BACKEND}timeo|`, "timeouts"],
  ])("%j, with %s", async (text, label) => {
    const found = (await server.complete(text)).find((one) => one.label === label);
    if (found === undefined) throw new Error(`it does not offer ${label}`);
    expect(errorsOf(parse(inserted(text, found)))).toEqual([]);
  });
});

test.each([
  `${BACKEND}|`,
  `${BACKEND}    |`,
  "backends:\n  - |",
  `listeners:\n  - |\n${POOLS}`,
  `${LISTENERS}pools:\n  web:\n    |`,
  `${BACKEND}health_check:\n  |`,
  `${BACKEND}limits:\n  |`,
  `${BACKEND}resolver:\n  |`,
])("every value that comes with a key at the end of %j is one that check allows", async (text) => {
  const all = await server.complete(text);
  const filled = all.filter(({ textEdit }) => /: \$\{1[:|]/.test(textEdit?.newText ?? ""));
  expect(filled.length).toBeGreaterThan(1);
  const found = filled.flatMap((one) => errorsOf(parse(inserted(text, one))));
  const wrong = found.filter(({ code }) => code !== "missing-key" && code !== "mixed-forms");
  expect(wrong).toEqual([]);
});

test("each value of a key that has words comes with its own", async () => {
  const found = await server.complete(`${BACKEND}method: |`);
  const words = found.map((one) => wordsOf(one));
  expect(found.map(({ label }) => label)).toContain("least_connections");
  expect(new Set(words).size).toBe(found.length);
  expect(words).not.toContain("");
});

test.each([
  ["timeouts:\n  id|le: 1h\n", "Default: 1h"],
  ["meth|od: first\n", "Default: `round_robin`"],
  ["health_check:\n  ri|se: 1\n", "Default: `2`"],
])("over the key in %j hover its default and a link", async (text, byDefault) => {
  const words = await server.hover(text + BACKEND);
  expect(words).toContain(byDefault);
  expect(words).toContain("docs/config.md");
});

test("an old key is marked with the new one", async () => {
  const found = await server.diagnose(`log_level: info\n${BACKEND}`);
  expect(found.map(({ message }) => message)).toEqual([expect.stringContaining("log.level")]);
});

test("an unknown key is marked", async () => {
  const found = await server.diagnose("backends: [{host: a, prot: 1}]\n");
  expect(found.map(({ message }) => message)).toEqual(["Property prot is not allowed."]);
});

test("anchors under x- keys, and what is merged from them, are not marked", async () => {
  const text = `x-checks: &checks
  health_check: {interval: 3s}
${LISTENERS}pools:
  web:
    <<: *checks
    backends: [{host: a, port: 1}, {host: b, port: 1}]
`;
  expect(errorsOf(parse(text))).toEqual([]);
  expect(await server.diagnose(text)).toEqual([]);
});
