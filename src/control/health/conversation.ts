// The parts of a check: where it goes, what it sends first, whether it speaks TLS, and the talk then.
import { formatHostPort, parseIp } from "../../base/address.ts";
import type {
  CheckConfig,
  ExchangeStep,
  HttpCheck,
  ProxyProtocol,
  TlsCheck,
} from "../../config/config.ts";
import { parseBytes, parseStatusRanges } from "../../config/expectation.ts";
import { Exchange } from "../../policy/health/exchange.ts";
import { HttpExchange } from "../../policy/health/http.ts";
import type { Talk } from "../../policy/health/talk.ts";
import { formatLocal } from "../../policy/proxy-protocol/format.ts";
import type { Trust } from "./certificate.ts";

export type Conversation = {
  /** 0: the backend's. */
  readonly port: number;
  readonly timeoutMs: number;
  /** In the clear, before TLS. */
  readonly header: Uint8Array;
  /** Null: without TLS. */
  readonly tls: TlsQuestion | null;
  /** Makes a new one. Null: to be connected, by TLS where it is spoken, is enough. */
  readonly talk: (() => Talk) | null;
  /** Addresses of this host that it comes from; absent: the kernel chooses. */
  readonly sources?: readonly string[];
};

export type TlsQuestion = Trust & {
  /** Empty: none is asked for. */
  readonly serverName: string;
  readonly alpn: readonly string[];
  readonly files: Pick<TlsCheck, "ca" | "cert" | "key">;
};

/** The status codes that a person would call an answer. */
const ANSWERED = [[200, 399]] as const;

const NOTHING = new Uint8Array(0);

export function connectOnly(timeoutMs: number, port = 0): Conversation {
  return { port, timeoutMs, header: NOTHING, tls: null, talk: null };
}

/** `host` null: it is on a unix socket. */
type Backend = {
  readonly host: string | null;
  /** 0: it has none of its own. */
  readonly port: number;
  readonly proxyProtocol: ProxyProtocol;
};

/** Where it goes to the backend's own port, with the header in front that the backend waits for. */
export function conversationOf(check: CheckConfig, backend: Backend): Conversation {
  const { host, proxyProtocol } = backend;
  const isElsewhere = host !== null && check.port !== 0 && check.port !== backend.port;
  const { version } = proxyProtocol;
  const header = version === "off" || isElsewhere ? NOTHING : formatLocal(version);
  return { ...connectOnly(check.timeoutMs, check.port), header, ...questions(check, backend) };
}

function questions(check: CheckConfig, backend: Backend): Partial<Conversation> {
  switch (check.type) {
    case "tcp":
      return {};
    case "tls":
      return { tls: tlsQuestion(check, backend) };
    case "http":
      return { talk: httpTalk(check, hostOf(check, backend, 80)) };
    case "https": {
      const talk = httpTalk(check, hostOf(check, backend, 443));
      return { talk, tls: tlsQuestion(check, backend) };
    }
    case "exchange": {
      const steps = check.steps.map(stepOf);
      return { talk: () => new Exchange(steps) };
    }
    default:
      return check satisfies never;
  }
}

function stepOf({ send, expect, contains }: ExchangeStep) {
  return { send: bytesOf(send), expect: bytesOf(expect), contains: bytesOf(contains) };
}

function bytesOf(text: string): Uint8Array {
  return parseBytes(text) ?? NOTHING;
}

function tlsQuestion(check: TlsCheck, { host }: Backend): TlsQuestion {
  const { isVerified, alpn, ca, cert, key } = check;
  const identity = check.serverName || (host ?? "");
  // RFC 6066, section 3: an IP is no server name.
  const serverName = parseIp(identity) === null ? identity : "";
  return { serverName, identity, isVerified, alpn, files: { ca, cert, key } };
}

function httpTalk(check: HttpCheck, host: string): () => Talk {
  const expected = parseStatusRanges(check.expect) ?? ANSWERED;
  const question = { request: requestOf(check, host), expected, contains: bytesOf(check.contains) };
  return () => new HttpExchange(question);
}

// A unix socket is called what nginx and people with curl call it: localhost.
function hostOf(
  { host, port }: HttpCheck & { readonly port: number },
  backend: Backend,
  usualPort: number,
): string {
  if (host !== "") return host;
  if (backend.host === null) return "localhost";
  const isUsual = port === 0 || port === usualPort;
  return isUsual
    ? formatHostPort(backend.host, 80).slice(0, -3)
    : formatHostPort(backend.host, port);
}

function requestOf({ method, path, headers }: HttpCheck, host: string): Uint8Array {
  const usual = {
    Host: host,
    "User-Agent": "bal-health-check",
    Accept: "*/*",
    Connection: "close",
    ...((method === "POST" || method === "PUT") && { "Content-Length": "0" }),
  };
  const own = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const all = Object.entries(usual).filter(([name]) => !own.has(name.toLowerCase()));
  const lines = [...all, ...Object.entries(headers)].map(([name, value]) => `${name}: ${value}`);
  return new TextEncoder().encode([`${method} ${path} HTTP/1.1`, ...lines, "\r\n"].join("\r\n"));
}
