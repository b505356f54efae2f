// The options of Bun's TLS for a check, from its question and the files that it names. They are read again
// when they change: certificates are renewed while bal runs.
import { readFileSync, statSync } from "node:fs";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import type { TlsQuestion } from "./conversation.ts";

/** A file of certificates: the system's authorities are some 250 KiB. */
const MAX_BYTES = 4 * 1024 * 1024;

type Read = { readonly mtimeMs: number; readonly size: number; readonly text: string };

const files = new Map<string, Read>();

export function tlsOptions({ serverName, alpn, files: { ca, cert, key } }: TlsQuestion) {
  return {
    rejectUnauthorized: false,
    ...(serverName !== "" && { serverName }),
    ...(alpn.length > 0 && { ALPNProtocols: protocolList(alpn) }),
    ...(ca !== null && { ca: latestPem(ca) }),
    ...(cert !== null && { cert: latestPem(cert) }),
    ...(key !== null && { key: latestPem(key) }),
  };
}

// One that is gone or half written for a moment: the one before it stays.
function latestPem(path: string): string {
  try {
    return readPem(path);
  } catch (error) {
    const before = files.get(path);
    if (before !== undefined) return before.text;
    throw error;
  }
}

/** The text of a PEM file. Throws BalError `check-file`. */
export function readPem(path: string): string {
  try {
    const stats = statSync(path);
    const { mtimeMs, size } = stats;
    const before = files.get(path);
    if (before?.mtimeMs === mtimeMs && before.size === size) return before.text;
    if (!stats.isFile() || size > MAX_BYTES) throw bad(path, "it is not a small regular file");
    const text = readFileSync(path, "utf8");
    if (!text.includes("-----BEGIN ")) throw bad(path, "it contains nothing in PEM format");
    files.set(path, { mtimeMs, size, text });
    return text;
  } catch (error) {
    throw error instanceof BalError ? error : bad(path, codeOf(error) ?? String(error));
  }
}

function bad(path: string, why: string): BalError {
  return new BalError("check-file", `cannot read ${path} of a health check: ${why}`, {
    hint: "write a PEM file that bal's user may read",
  });
}

/** RFC 7301, section 3.1: each with its length before it. */
function protocolList(alpn: readonly string[]): ArrayBuffer {
  const bytes = alpn.flatMap((name) => [name.length, ...new TextEncoder().encode(name)]);
  return Uint8Array.from(bytes).buffer;
}
