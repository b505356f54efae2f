// The options behind a server's address: how many words each takes, and what becomes of those that no
// other file here reads.
import type { NoteKind, Quote } from "../draft/note.ts";
import type { Line } from "./lexer.ts";

export type Option = { readonly words: readonly string[]; readonly quote: Quote };

/** By name; those of the server over those of `default-server`. */
export type Options = ReadonlyMap<string, Option>;

const WITH_ARGUMENT = new Set([
  ...[
    "weight",
    "maxconn",
    "minconn",
    "maxqueue",
    "inter",
    "fastinter",
    "downinter",
    "rise",
    "fall",
  ],
  ...["port", "addr", "observe", "error-limit", "on-error", "on-marked-down", "on-marked-up"],
  ...["slowstart", "cookie", "id", "resolvers", "resolve-prefer", "resolve-net", "resolve-opts"],
  ...["init-addr", "init-state", "verify", "verifyhost", "ca-file", "crt", "crl-file", "ciphers"],
  ...[
    "ciphersuites",
    "curves",
    "sigalgs",
    "sni",
    "alpn",
    "npn",
    "check-sni",
    "check-alpn",
    "proto",
  ],
  ...[
    "check-proto",
    "track",
    "source",
    "usesrc",
    "interface",
    "namespace",
    "redir",
    "socks4",
    "tcp-ut",
  ],
  ...["proxy-v2-options", "set-proxy-v2-tlv-fmt", "agent-port", "agent-inter", "agent-addr"],
  ...[
    "agent-send",
    "pool-low-conn",
    "pool-max-conn",
    "pool-purge-delay",
    "pool-conn-name",
    "max-reuse",
  ],
  ...["log-proto", "log-bufsize", "shard", "ws", "ssl-min-ver", "ssl-max-ver", "hash-key", "guid"],
  ...["check-pool-conn-name", "idle-ping", "cc", "renegotiate-timeout"],
]);

/** `no-check` and its like take an option away again. */
export function readOptions(words: readonly string[], line: Line, usual: Options): Options {
  const options = new Map(usual);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const own = WITH_ARGUMENT.has(word) ? [word, words[++at] ?? ""] : [word];
    const [, undone] = /^no-(.+)$/.exec(word) ?? [];
    if (undone !== undefined && (options.has(undone) || SWITCHES.has(undone))) {
      options.delete(undone);
      continue;
    }
    options.set(word, { words: own, quote: { ...line, text: own.join(" ") } });
  }
  return options;
}

const SWITCHES = new Set([
  ...["check", "agent-check", "backup", "send-proxy", "send-proxy-v2", "ssl", "check-ssl"],
  ...["check-send-proxy", "tfo", "disabled", "verifyhost", "send-proxy-v2-ssl"],
  ...["send-proxy-v2-ssl-cn", "check-via-socks4", "sslv3", "tlsv10", "tlsv11", "tlsv12", "tlsv13"],
  ...["ssl-reuse", "tls-tickets"],
]);

/** Read elsewhere. */
export const CARRIED: ReadonlySet<string> = new Set([
  ...[
    "check",
    "weight",
    "maxconn",
    "minconn",
    "maxqueue",
    "inter",
    "fastinter",
    "downinter",
    "rise",
  ],
  ...["fall", "port", "on-marked-down", "on-marked-up", "slowstart", "resolvers", "verify"],
  ...["ca-file", "crt", "check-sni", "check-alpn", "check-ssl", "verifyhost", "backup", "disabled"],
  ...[
    "send-proxy",
    "send-proxy-v2",
    "send-proxy-v2-ssl",
    "send-proxy-v2-ssl-cn",
    "proxy-v2-options",
  ],
  ...["source", "usesrc", "ssl", "sni", "agent-check", "agent-port", "agent-inter", "agent-send"],
  ...["tcp-ut", "addr", "interface"],
]);

type Disposition = readonly [NoteKind, string];

const OWN_PASSIVE: Disposition = [
  "needless",
  "bal ejects a backend that fails clients, and keeps checking it",
];
const NAMES: Disposition = [
  "needless",
  "bal starts even if a name does not resolve, asks again, and tries each address of a name",
];
const TLS: Disposition = ["needless", "belongs to `ssl`"];
const POOL: Disposition = ["needless", "a connection to a backend serves one client"];
const NO_USE: Disposition = ["needless", "bal does this automatically, or does not need it"];

const DISPOSITIONS: Readonly<Record<string, Disposition>> = {
  observe: OWN_PASSIVE,
  "error-limit": OWN_PASSIVE,
  "on-error": OWN_PASSIVE,
  "resolve-prefer": NAMES,
  "resolve-net": NAMES,
  "resolve-opts": NAMES,
  "init-addr": NAMES,
  "init-state": NO_USE,
  "check-send-proxy": [
    "needless",
    "a check of the backend's own port sends the header that clients' connections send",
  ],
  enabled: NO_USE,
  id: NO_USE,
  guid: NO_USE,
  shard: NO_USE,
  "hash-key": NO_USE,
  tfo: NO_USE,
  "non-stick": NO_USE,
  "no-check": NO_USE,
  "no-agent-check": NO_USE,
  "strict-maxconn": NO_USE,
  "log-proto": NO_USE,
  cc: NO_USE,
  cookie: [
    "lost",
    "cookies are HTTP's; `method: source_hash` keeps a client's address on one backend",
  ],
  redir: ["lost", "HTTP redirects are out of scope"],
  proto: ["needless", "bal relays every protocol"],
  "check-proto": ["lost", "the check speaks HTTP/1.1"],
  track: ["lost", "a pool has checks of its own: bal does not take over another pool's verdict"],
  namespace: ["lost", "run a bal in that network namespace"],
  socks4: ["lost", "bal dials backends itself, not by way of a SOCKS proxy"],
  "check-via-socks4": ["lost", "bal dials backends itself, not by way of a SOCKS proxy"],
  "agent-addr": ["lost", "an agent is asked at the backend's own host"],
  "set-proxy-v2-tlv-fmt": ["lost", "bal sends the TLVs authority, alpn, unique_id and crc32c"],
};

export function dispositionOf(name: string): Disposition {
  const known = DISPOSITIONS[name];
  if (known !== undefined) return known;
  if (
    /^(?:ciphers|ciphersuites|curves|sigalgs|alpn|npn|crl-file|allow-0rtt|no-ssl|no-tls|force-|ssl-|renegotiate|sslv3|tlsv)/.test(
      name,
    )
  )
    return TLS;
  if (/^(?:pool-|max-reuse|check-reuse|check-pool)/.test(name)) return POOL;
  return ["lost", "bal has no such option of a backend"];
}
