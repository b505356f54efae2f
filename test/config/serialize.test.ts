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
