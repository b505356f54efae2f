// What a check says to a backend once it is connected, and how it judges the answer.
import { formatHostPort, parseIp } from "../../base/address.ts";
import type { HealthCheckConfig, ProxyProtocol } from "../../config/config.ts";
import { parseBytes, parseStatusRanges } from "../../config/expectation.ts";
import {
  judgeHttp,
  judgePrefix,
  MAX_ANSWER_BYTES,
  type Verdict,
} from "../../policy/health/verdict.ts";
import { formatLocal } from "../../policy/proxy-protocol/format.ts";
import type { Trust } from "./certificate.ts";

export type Conversation = {
  /** In the clear, before TLS. */
  readonly send: Uint8Array;
  /** Null: to be connected is enough. */
  readonly judge: ((answer: Uint8Array) => Verdict) | null;
  /** Null: without TLS. */
  readonly tls: (Trust & { readonly serverName: string }) | null;
};

/** What a person would call an answer. */
const ANSWERED = [[200, 399]] as const;

const NOTHING = new Uint8Array(0);
export const CONNECT_ONLY: Conversation = { send: NOTHING, judge: null, tls: null };

/** `host` null: it is on a unix socket. */
type Backend = { readonly host: string | null; readonly proxyProtocol: ProxyProtocol };

/** With the header in front that a backend waits for. */
export function conversationOf(check: HealthCheckConfig, backend: Backend): Conversation {
  const { host, proxyProtocol } = backend;
  const plain = conversationWith(check, host);
  if (proxyProtocol.version === "off") return plain;
  const header = formatLocal(proxyProtocol.version);
  return { ...plain, send: Buffer.concat([header, plain.send]) };
}

function conversationWith(check: HealthCheckConfig, host: string | null): Conversation {
  switch (check.type) {
    case "tcp":
    case "off":
      return CONNECT_ONLY;
    case "http": {
      const ranges = parseStatusRanges(check.expect) ?? ANSWERED;
      const send = new TextEncoder().encode(
        requestOf(check, check.host || authorityOf(check, host)),
      );
      return { send, judge: (answer) => judgeHttp(answer, ranges), tls: null };
    }
    case "exchange": {
      const prefix = parseBytes(check.expect) ?? NOTHING;
      const send = parseBytes(check.send) ?? NOTHING;
      const judge = (answer: Uint8Array) => judgePrefix(answer, prefix);
      return { send, judge: prefix.length === 0 ? null : judge, tls: null };
    }
    case "tls": {
      const identity = check.serverName || (host ?? "");
      // RFC 6066, section 3: an IP is no server name.
      const serverName = parseIp(identity) === null ? identity : "";
      const { isVerified } = check;
      return { send: NOTHING, judge: null, tls: { serverName, identity, isVerified } };
    }
    default:
      return check.type satisfies never;
  }
}

// What nginx says to a unix socket, and what people say to it with curl: localhost.
function authorityOf({ port }: HealthCheckConfig, host: string | null): string {
  if (host === null) return "localhost";
  const isDefaultPort = port === 0 || port === 80;
  return isDefaultPort ? formatHostPort(host, 80).slice(0, -3) : formatHostPort(host, port);
}

function requestOf({ path }: HealthCheckConfig, host: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "User-Agent: bal-health-check",
    "Accept: */*",
    "Connection: close",
    "\r\n",
  ].join("\r\n");
}

/** An answer as it comes, until it is judged. */
export class Answer {
  private readonly judge: NonNullable<Conversation["judge"]>;
  private bytes = NOTHING;

  constructor(judge: NonNullable<Conversation["judge"]>) {
    this.judge = judge;
  }

  /** Null: it passed; undefined: more is needed; else what is wrong. */
  take(chunk: Uint8Array): string | null | undefined {
    const room = MAX_ANSWER_BYTES - this.bytes.length;
    const joined = new Uint8Array(this.bytes.length + Math.min(room, chunk.length));
    joined.set(this.bytes);
    joined.set(chunk.subarray(0, room), this.bytes.length);
    this.bytes = joined;
    const verdict = this.judge(joined);
    if (verdict === "passed") return null;
    if (verdict !== "more") return verdict.failed;
    return joined.length < MAX_ANSWER_BYTES ? undefined : "its answer is too long";
  }
}
