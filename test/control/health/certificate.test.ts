// The verdict on a TLS handshake; the names by certificates as node:tls describes them.
import { expect, test } from "bun:test";
import type { PeerCertificate } from "node:tls";
import { expiryWarning, judgeHandshake } from "../../../src/control/health/certificate.ts";

const certificateOf = (subjectaltname: string) =>
  ({ subject: { CN: "x" }, subjectaltname, valid_to: "" }) as unknown as PeerCertificate;
const named = certificateOf("DNS:a.example, DNS:*.b.example");
const numbered = certificateOf("IP Address:10.0.0.1");
const selfSigned = { code: "DEPTH_ZERO_SELF_SIGNED_CERT", message: "self signed certificate" };
const otherName = { code: "ERR_TLS_CERT_ALTNAME_INVALID", message: "Host: localhost." };
const wrongVersion = {
  code: "EPROTO",
  message: "error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER",
};

test.each([
  ["a self signed one", selfSigned, named, "a.example"],
  ["one of another name", otherName, named, "c.example"],
  ["one without the IP", otherName, named, "10.0.0.1"],
  ["a valid one", null, named, "a.example"],
])("without verify any certificate passes: %s", (_, problem, certificate, identity) => {
  expect(judgeHandshake(problem, certificate, { isVerified: false, identity })).toBeNull();
});

test.each([
  ["a valid one", null, named, "a.example", null],
  ["a wildcard", null, named, "x.b.example", null],
  ["an IP, though Bun compared a name", otherName, numbered, "10.0.0.1", null],
  ["another name", null, named, "c.example", "does not match certificate's altnames"],
  ["another IP", null, numbered, "10.0.0.2", "10.0.0.2 is not in the cert's list"],
  ["a self signed one", selfSigned, named, "a.example", "refused: self signed certificate"],
])("with verify, %s", (_, problem, certificate, identity, wrong) => {
  const judged = judgeHandshake(problem, certificate, { isVerified: true, identity });
  if (wrong === null) expect(judged).toBeNull();
  else expect(judged).toContain(wrong);
});

test.each([true, false])("a handshake that failed never passes (verify: %p)", (isVerified) => {
  const trust = { isVerified, identity: "a.example" };
  const failed = "the TLS handshake failed: wrong version number";
  expect(judgeHandshake(wrongVersion, null, trust)).toBe(failed);
  // A server that wants a certificate of ours has shown its own first (TLS 1.2).
  expect(judgeHandshake(wrongVersion, named, trust)).toBe(failed);
  expect(judgeHandshake(null, null, trust)).toBe(
    "the TLS handshake failed: there was no certificate",
  );
});

test("a certificate that ends soon is warned of", () => {
  const now = new Date("2030-01-01T00:00:00Z");
  const day = 86_400_000;
  const warn = (ms: number) => expiryWarning(new Date(now.getTime() + ms), 14 * day, now);
  expect(warn(15 * day)).toBeNull();
  expect(warn(2 * day)).toBe(
    "its certificate expires at 2030-01-03T00:00:00.000Z, in less than 2d",
  );
  expect(warn(-day)).toBe("its certificate expired at 2029-12-31T00:00:00.000Z");
  expect(expiryWarning(new Date(now.getTime() - day), 0, now)).toBeNull();
  expect(expiryWarning(new Date(Number.NaN), 14 * day, now)).toBeNull();
});

test("a backend that closes instead of a handshake is told in bal's own words", () => {
  const message = "Client network socket disconnected before secure TLS connection was established";
  const trust = { isVerified: false, identity: "" };
  expect(judgeHandshake({ code: "ECONNRESET", message }, null, trust)).toBe(
    "it closed during the TLS handshake",
  );
});
