// Why a check failed, in words that tell the layer: the connection, TLS, or the answer.
import { codeOf } from "../../base/os-error.ts";
import { formatDuration } from "../../base/units.ts";
import { plainTlsError } from "./certificate.ts";

const CONNECT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOENT: "there is no such socket (ENOENT)",
  ENETUNREACH: "network unreachable",
  EHOSTUNREACH: "host unreachable",
  EHOSTDOWN: "host unreachable",
  ETIMEDOUT: "no connection: the kernel gave up (ETIMEDOUT)",
};

export function describeConnect(code: string): string {
  return CONNECT[code] ?? `no connection: ${code}`;
}

/** It was connected, and is no more. */
export function describeBreak(phase: "connect" | "tls" | "talk", error: unknown): string {
  const code = codeOf(error);
  if (code === "EPROTO" && error instanceof Error) return `TLS failed: ${plainTlsError(error)}`;
  const how = code === "ECONNRESET" ? "reset" : "closed";
  return phase === "tls" ? `it ${how} during the TLS handshake` : `it ${how} before it answered`;
}

/** `no answer within 1s` */
export function within(missing: string, timeoutMs: number): string {
  return `${missing} within ${formatDuration(timeoutMs)}`;
}
