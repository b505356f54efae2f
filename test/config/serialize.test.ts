// The config in force as it would be written.
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Config } from "../../src/config/config.ts";
import { asWritten } from "../../src/config/serialize.ts";
import { HIDDEN } from "../../src/config/serialize-health.ts";
import { writtenConfig } from "../support/arbitrary-config.ts";
import { parse } from "../support/findings.ts";

function configOf(written: unknown): Config {
  const result = parse(written);
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.errors));
  return result.config;
}

test("is the same config when it is read again, but for the token", () => {
  fc.assert(
    fc.property(writtenConfig, (written) => {
      const config = configOf(written);
      const again = configOf(asWritten(config));
      const token = config.admin.token === null ? null : HIDDEN;
      expect(again).toEqual({ ...config, admin: { ...config.admin, token } });
    }),
    { numRuns: 300 },
  );
});

test("never shows a token, from wherever it came", () => {
  const admin = { listen: "127.0.0.1:9296", token: "s3cret-s3cret-s3cret" };
  const config = configOf({ backends: [{ host: "a", port: 1 }], admin });
  const fromFile = { ...config.admin, tokenFile: "t" };
  for (const each of [config, { ...config, admin: fromFile }]) {
    expect(JSON.stringify(asWritten(each))).not.toContain("s3cret");
  }
});

const secrets: readonly [string, object, readonly string[], object][] = [
  [
    "an AUTH, and the steps after it",
    { steps: [{ expect: "220" }, { send: "AUTH s3cret\r\n", expect: "+OK" }, { send: "s3cret" }] },
    [],
    { steps: [{ expect: "220" }, { send: HIDDEN, expect: "+OK" }, { send: HIDDEN }] },
  ],
  ["a lower-case login", { send: "a login u s3cret\r\n" }, [], { send: HIDDEN }],
  ["bytes", { send: "hex:73 33 63 72 65 74" }, ["73 33"], { send: HIDDEN }],
  ["control characters", { send: "\u0010\u0001s3cret" }, [], { send: HIDDEN }],
  ["nothing, where nothing is secret", { send: "PING\r\n" }, [], { send: "PING\r\n" }],
];

test.each(secrets)("an exchange does not show %s", (_, check, words, shown) => {
  const config = configOf({
    backends: [{ host: "a", port: 1 }],
    health_check: { type: "exchange", ...check },
  });
  const written = asWritten(config);
  for (const word of ["s3cret", ...words]) expect(JSON.stringify(written)).not.toContain(word);
  expect(written).toMatchObject({ pools: { default: { health_check: shown } } });
});

test("a check over HTTP does not show a secret in its headers or its path", () => {
  const config = configOf({
    backends: [{ host: "a", port: 1 }],
    health_check: {
      ...{ type: "http", path: "/up?deep=1&token=s3cret&x=2" },
      headers: { Authorization: "Bearer s3cret", "X-Probe": "bal" },
    },
  });
  expect(asWritten(config)).toMatchObject({
    pools: {
      default: {
        health_check: {
          path: `/up?deep=1&token=${HIDDEN}&x=2`,
          headers: { Authorization: HIDDEN, "X-Probe": "bal" },
        },
      },
    },
  });
});
