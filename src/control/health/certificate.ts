// The result of a TLS handshake: whether it completed, whose certificate it was, and until when.
import type { PeerCertificate } from "node:tls";
import { printable } from "../../base/printable.ts";
import { formatDuration } from "../../base/units.ts";

/** Bun's report of a handshake; null: nothing was wrong. */
type HandshakeProblem = { readonly code?: string; readonly message: string } | null;

/** Whether the certificate has to be valid, and for whom: a name or an IP. */
export type Trust = { readonly isVerified: boolean; readonly identity: string };

/** Characters: a certificate may name thousands of hosts, all of which such a message lists. */
const MAX_REASON = 256;

/** Not of the certificate: the handshake did not complete. */
const BROKEN = "EPROTO";
const OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/**
 * Null: it passed; else what is wrong. A completed handshake comes with a problem as well where the
 * certificate is not trusted (Bun 1.4.5), and the name that Bun compares with is "localhost" for a
 * descriptor that it has adopted: the name is compared here.
 */
export function judgeHandshake(
  problem: HandshakeProblem,
  certificate: PeerCertificate | null,
  { isVerified, identity }: Trust,
): string | null {
  // node's words for it are of a client's socket and of a secure connection.
  if (problem?.code === "ECONNRESET") return "it closed during the TLS handshake";
  if (certificate === null || problem?.code === BROKEN) {
    return `the TLS handshake failed: ${problem === null ? "there was no certificate" : plainTlsError(problem)}`;
  }
  if (!isVerified) return null;
  const isUntrusted = problem !== null && problem.code !== OTHER_NAME;
  // It takes more than a MiB to load, which only a check by TLS is worth.
  const { checkServerIdentity } = process.getBuiltinModule("node:tls");
  const wrong = isUntrusted ? problem : checkServerIdentity(identity, certificate);
  return wrong === undefined ? null : `its certificate is refused: ${plainTlsError(wrong)}`;
}

/** A certificate that ends soon, in words; null: it does not. */
export function expiryWarning(expiresAt: Date, warnMs: number, now = new Date()): string | null {
  const leftMs = expiresAt.getTime() - now.getTime();
  if (warnMs === 0 || Number.isNaN(leftMs) || leftMs > warnMs) return null;
  const at = expiresAt.toISOString();
  if (leftMs <= 0) return `its certificate expired at ${at}`;
  return `its certificate expires at ${at}, in less than ${formatDuration(Math.ceil(leftMs / 3_600_000) * 3_600_000)}`;
}

/** `error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER` → `wrong version number`. */
export function plainTlsError({ message }: { readonly message: string }): string {
  const [, word] = /^error:[0-9a-f]+:.*:([A-Z0-9_]+)$/.exec(message) ?? [];
  return word === undefined
    ? printable(message, MAX_REASON)
    : word.toLowerCase().replaceAll("_", " ");
}
