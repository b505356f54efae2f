// `option redis-check` and its like: what HAProxy says to a server of a protocol, and what it expects.
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import type { Line } from "./lexer.ts";

export const PROTOCOL_CHECKS = [
  "redis-check",
  "pgsql-check",
  "mysql-check",
  "smtpchk",
  "ldap-check",
  "ssl-hello-chk",
] as const;

/** The keys of a health check. */
export function protocolCheck(line: Line, notes: Notebook): Record<string, Value> {
  const [, name = "", ...args] = line.words;
  switch (name) {
    case "redis-check":
      return exchange(line, { send: "PING\r\n", expect: "+PONG" });
    case "pgsql-check":
      return exchange(line, { send: `hex:${postgresStart(userOf(args) ?? "")}`, expect: "R" });
    case "ldap-check":
      // An anonymous bind (RFC 4511); the answer is a sequence.
      return exchange(line, { send: "hex:300c020101600702010304008000", expect: "hex:30" });
    case "smtpchk":
      return smtp(line, args);
    case "mysql-check":
      return mysql(line, userOf(args));
    case "ssl-hello-chk":
      return { type: traced("tls", line) };
    default:
      notes.lost(line, "bal has no such check: it connects, and that is all");
      return {};
  }
}

function exchange(line: Line, keys: Record<string, Value>): Record<string, Value> {
  return { type: traced("exchange", line), ...keys };
}

function userOf(args: readonly string[]): string | null {
  const at = args.indexOf("user");
  return at < 0 ? null : (args[at + 1] ?? null);
}

// A StartupMessage of protocol 3.0 (PostgreSQL, 55.7).
function postgresStart(user: string): string {
  const body = Buffer.from(`\0\u0003\0\0user\0${user}\0\0`, "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]).toString("hex");
}

function smtp(line: Line, args: readonly string[]): Record<string, Value> {
  const [verb = "HELO", host = "localhost"] = args;
  const steps = [
    { expect: "220" },
    { send: `${verb} ${host}\r\n` },
    { expect: "250" },
    { send: "QUIT\r\n" },
    { expect: "221" },
  ];
  return exchange(line, { steps });
}

function mysql(line: Line, user: string | null): Record<string, Value> {
  // The end of a packet's length and its number, then version 10 of the protocol; an error is 0xff.
  const greeting = "hex:0000000a";
  if (user === null) return exchange(line, { contains: greeting });
  const steps = [
    { contains: greeting },
    { send: `hex:${mysqlLogin(user)}` },
    { contains: "hex:000002" },
    { send: "hex:0100000001" },
  ];
  return exchange(line, { steps });
}

// A HandshakeResponse41 without password.
function mysqlLogin(user: string): string {
  const head = Buffer.from("008200000080000121", "hex");
  const body = Buffer.concat([head, Buffer.alloc(23), Buffer.from(`${user}\0\0`, "latin1")]);
  const length = Buffer.from([body.length & 255, body.length >> 8, 0, 1]);
  return Buffer.concat([length, body]).toString("hex");
}
