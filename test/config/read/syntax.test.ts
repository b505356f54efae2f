import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../src/config/parse.ts";
import { MAX_FILE_BYTES } from "../../../src/config/read-file.ts";
import { type Expected, errorsOf, expectFindings, parse } from "../../support/findings.ts";

const BACKENDS = "backends: [{host: a, port: 1}, {host: b, port: 2}]\n";

type Row = { readonly what: string; readonly text: string; readonly errors: readonly Expected[] };

const bad: readonly Row[] = [
  {
    what: "a tab as indent",
    text: `log:\n\tlevel: info\n${BACKENDS}`,
    errors: [["2:1", "", "tab-as-indent", "YAML does not allow tabs", "use spaces"]],
  },
  {
    what: "a quote that is not closed",
    text: `${BACKENDS}bind_address: "::\n`,
    errors: [["2:15", "", "unclosed-quote", "never closed", 'close it: "::"']],
  },
  {
    what: "a bracket that is not closed",
    text: "port: 1\nbackends: [{host: a, port: 1}\nwatch: true\n",
    errors: [["2:11", "", "unclosed-bracket", "`[` is never closed", "write `]`"]],
  },
  {
    what: "two brackets that are not closed",
    text: "backends: [{host: a, port: 1",
    errors: [["1:12", "", "unclosed-bracket", "`{` is never closed", "write `}`"]],
  },
  {
    what: "a list that turns into a map",
    text: "- port: 1\nlog: >\n  info\nwatch: true\nbackends: []\n",
    errors: [["2:1", "", "unexpected-token"]],
  },
  {
    what: "a key that is written twice",
    text: `port: 1\nwatch: true\nport: 2\n${BACKENDS}`,
    errors: [["3:1", "port", "duplicate-key", "`port` is written twice"]],
  },
  {
    what: "a key that is written twice further down",
    text: "backends:\n  - host: a\n    port: 1\n    host: b\n",
    errors: [["4:5", "backends[0].host", "duplicate-key", "`host` is written twice"]],
  },
  {
    what: "a name that is written as a number and as a text",
    text: 'listeners: [{name: l, port: 1, pool: 1}]\npools:\n  1: &p {backends: []}\n  "1": *p\n',
    errors: [
      ["3:20", "pools.1.backends", "empty-list"],
      ["4:3", "pools.1", "duplicate-key"],
    ],
  },
  {
    what: "a second document",
    text: `port: 1\n${BACKENDS}---\nport: 2\n`,
    errors: [["3:1", "", "multiple-docs", "one YAML document"]],
  },
  {
    what: "an alias without an anchor before it",
    text: "backends: *here\nlog: &here {}\n",
    errors: [["1:11", "backends", "unknown-alias", "&here"]],
  },
  {
    what: "an alias to what it stands in",
    text: "backends: &all [*all]\n",
    errors: [["1:17", "backends[0]", "wrong-type", "found a list"]],
  },
  {
    what: "a key that is a list",
    text: `? [port]\n: 1\n${BACKENDS}`,
    errors: [["1:3", "", "bad-key", "plain word"]],
  },
  {
    what: "a key without a name",
    text: `: 1\n${BACKENDS}`,
    errors: [["1:1", "null", "unknown-key"]],
  },
  {
    what: "a tag that nobody knows",
    text: `port: !secret 1\n${BACKENDS}`,
    errors: [
      ["1:7", "", "tag-resolve-failed", "!secret"],
      ["1:15", "port", "wrong-type"],
    ],
  },
  {
    what: "a version of YAML to come",
    text: `%YAML 1.3\n---\n${BACKENDS}`,
    errors: [["1:7", "", "bad-directive", "1.3"]],
  },
  {
    what: "brackets in a name whose value is missing",
    text: 'listeners: [{name: l, port: 1, pool: "a["}]\npools: {"a["}\n',
    errors: [["2:9", "pools.a[", "wrong-type", "a map of keys and values, found nothing"]],
  },
];

describe("a file", () => {
  test.each(bad.map((row) => [row.what, row] as const))("with %s is refused", (_, row) => {
    expectFindings(errorsOf(parse(row.text)), row.errors);
  });

  test.each([
    ["", "found nothing"],
    ["# a comment\n", "found nothing"],
    ["null", "found nothing"],
    ["[]", "found a list"],
    ["port 1", "found a single value"],
  ])("that is %p is refused: %s", (text, words) => {
    expectFindings(errorsOf(parse(text)), [["1:1", "", "wrong-type", "expected a map", words]]);
  });

  test.each(["[", "{a: ", "- ", "? ", "a: &a [*a, "])("of nothing but %p is refused", (text) => {
    const errors = errorsOf(parse(text.repeat(20_000)));
    expect(errors.map(({ code }) => code)).toContain("too-deep");
  });

  // 2^30 values: expanded, it would end no test.
  test("of YAML bombs is refused", () => {
    const bomb = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`);
    const errors = errorsOf(parse(`a0: &a0 [x]\n${bomb.join("")}backends: *a30\n`));
    expect(errors.at(-1)).toMatchObject({ line: 31, path: "backends[1]", code: "wrong-type" });
  });

  test("of very many keys costs no more than its length", () => {
    const cpuOf = (keys: number) => {
      const text = Array.from({ length: keys }, (_, n) => `key${n}: 1\n`).join("");
      const before = process.cpuUsage();
      expect(errorsOf(parse(text))).toHaveLength(200);
      return process.cpuUsage(before).user;
    };
    cpuOf(6000);
    // Ten times as many: a hundred times the time is what a look at all others for each would cost.
    expect(cpuOf(60_000) / cpuOf(6000)).toBeLessThan(40);
  });
});

describe("bytes", () => {
  const bytes = (...parts: (string | number[])[]) =>
    new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));

  test.each([
    ["a byte that begins nothing", bytes("port: 1\n# \xe4", [0xff], BACKENDS), "2:4"],
    ["Latin-1", bytes("port: 1\n\n# caf", [0xe9], `\n${BACKENDS}`), "3:6"],
    ["half a character at the end", bytes("port: 1 # ", [0xe2, 0x82]), "1:11"],
    ["a surrogate", bytes([0xed, 0xa0, 0x80]), "1:1"],
    ["UTF-16", bytes([0xff, 0xfe, 0x70, 0x00]), "1:1"],
  ])("of %s are refused where they stand", (_, source, place) => {
    expectFindings(errorsOf(parseConfig(source, "f")), [[place, "", "not-utf8", "UTF-8"]]);
  });

  test.each([
    ["a byte order mark", `\ufeffport: 1\n${BACKENDS}`],
    ["lines that end as on Windows", `port: 1\r\n${BACKENDS.replaceAll("\n", "\r\n")}`],
    ["the marks of a document's start and end", `---\nport: 1\n${BACKENDS}...\n`],
    ["JSON", JSON.stringify({ port: 1, backends: [{ host: "a", port: 1 }] })],
  ])("with %s are accepted", (_, text) => {
    expect(parse(text)).toMatchObject({
      kind: "valid",
      config: { listeners: [{ address: { ports: { from: 1, to: 1 } } }] },
    });
  });

  test("have places that neither a byte order mark nor Windows line ends move", () => {
    const text = `port: 0\nwatch: 3\n${BACKENDS}`;
    const places = errorsOf(parse(text)).map(({ line, column }) => [line, column]);
    expect(places).toEqual([
      [1, 7],
      [2, 8],
    ]);
    const windows = `\ufeff${text.replaceAll("\n", "\r\n")}`;
    expect(errorsOf(parse(windows))).toEqual(errorsOf(parse(text)));
  });

  test("may be 1 MiB, and no more", () => {
    const filled = (length: number) => BACKENDS + "#".repeat(length - BACKENDS.length);
    expect(parse(filled(MAX_FILE_BYTES)).kind).toBe("valid");
    expectFindings(errorsOf(parse(filled(MAX_FILE_BYTES + 1))), [
      ["1:1", "", "file-too-large", "1 MiB"],
    ]);
  });
});
