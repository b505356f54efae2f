import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ParseResult } from "../../src/config/parse.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { template } from "../../src/config/template.ts";
import { writtenConfig } from "../support/arbitrary-config.ts";
import { errorsOf, parse } from "../support/findings.ts";

const full = `# comment
listeners:
  - {name: edge, bind_address: "::", port: 8443, pool: web}
  - name: other
    port: 0x1F90
    pool: &p "web"
health_check: &check {interval: 5s, timeout: 2s, rise: 2}
pools:
  web:
    method: least_connections
    health_check: *check
    backends:
      - {host: 10.0.0.1, port: 443, weight: 2}
      - {host: "2001:db8::1", port: 443}
      - host: db.internal
        port: 5432
        name: 'db'
  caf\u00e9: {backends: []}
`;
const old = `log_level: trace
mode: >
  folded
runtime: {health_check_interval_ms: 100, overload_policy: [x], protection_x: {a: !!int "1"}}
backends: [{host: a, port: 1}]
`;

const token = fc.constantFrom(
  ..."\t|\n|\r\n|\r|\ufeff|:|: |- |{|}|[|]|,|\"|'|#|&a |*a|!|!!binary |!!map |%YAML 1.2\n|---\n|...\n|? ".split(
    "|",
  ),
  ..."|@`~\0\u0085\u2028\u{1f600}",
  ..."null true 1e309 .nan 0x 0o17 -1 1_000 <<: __proto__: constructor: port: backends: pools:".split(
    " ",
  ),
);

/** Takes `removed` characters away at a place, and writes something else there. */
type Edit = { readonly at: number; readonly removed: number; readonly written: string };

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
  written: fc.oneof(token, fc.string({ maxLength: 4 }), fc.constant("")),
});

function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { at, removed, written }) => {
    const start = Math.floor(at * text.length);
    return text.slice(0, start) + written + text.slice(start + removed);
  }, text);
}

/** A config, or findings; and all of them at a place that the file has. */
function expectJudged(result: ParseResult, text: string): void {
  const errors = errorsOf(result);
  if (result.kind === "invalid") expect(errors).not.toEqual([]);
  const lines = text.replace(/^\ufeff/, "").split("\n");
  for (const { line, column, message } of [...errors, ...result.warnings]) {
    expect(message).not.toBe("");
    expect(line).toBeWithin(1, lines.length + 1);
    expect(column).toBeWithin(1, (lines[line - 1]?.length ?? 0) + 2);
  }
}

describe("whatever a file holds, it is a config or has findings at places in it", () => {
  test("any text", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(token).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (text) => expectJudged(parse(text), text)),
      { numRuns: 1000 },
    );
  });

  test("any bytes", () => {
    const bytes = fc.tuple(fc.uint8Array({ maxLength: 30 }), fc.nat(full.length));
    fc.assert(
      fc.property(bytes, ([noise, at]) => {
        const start = Buffer.from(full);
        const bytes = Buffer.concat([start.subarray(0, at), noise, start.subarray(at)]);
        expectJudged(parseConfig(bytes, "f"), new TextDecoder().decode(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("any slip in a config that was right", () => {
    const slips = fc.array(edit, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(template, full, old), slips, (text, slips) => {
        const slipped = edited(text, slips);
        expectJudged(parse(slipped), slipped);
      }),
      { numRuns: 2000 },
    );
  });

  test("any value, as JSON", () => {
    const value = fc.anything({
      maxDepth: 3,
      key: fc.constantFrom("backends", "host", "port", "pools"),
    });
    fc.assert(
      fc.property(value, (value) => {
        const text = JSON.stringify(value) ?? "";
        expectJudged(parse(text), text);
      }),
    );
  });
});

describe("any config in the schema's ranges", () => {
  test("is accepted", () => {
    fc.assert(
      fc.property(writtenConfig, (written) => {
        expect(errorsOf(parse(written))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("is complete and can't be changed", () => {
    fc.assert(
      fc.property(writtenConfig, (written) => {
        const result = parse(written);
        if (result.kind === "valid") expectFrozen(result.config);
      }),
    );
  });

  test("is the same with Windows line ends, a byte order mark and indentation", () => {
    fc.assert(
      fc.property(writtenConfig, (written) => {
        const spread = JSON.stringify(written, null, 2).replaceAll("\n", "\r\n");
        expect(parse(`\ufeff${spread}\r\n`)).toMatchObject({ config: configOf(written) });
      }),
    );
  });
});

function configOf(written: unknown) {
  const result = parse(written);
  return result.kind === "valid" ? result.config : null;
}

function expectFrozen(value: unknown): void {
  expect(value).toBeDefined();
  expect(Number.isNaN(value)).toBe(false);
  if (typeof value !== "object" || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const inner of Object.values(value)) expectFrozen(inner);
}
