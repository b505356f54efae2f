// `bind` lines → addresses of listeners, with their options.
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import { parseBindAddress } from "./addresses.ts";
import type { Line } from "./lexer.ts";
import { parseTime } from "./times.ts";

export type Bind = {
  readonly line: Line;
  readonly address:
    | { readonly kind: "tcp"; readonly ip: string; readonly port: number | string }
    | { readonly kind: "unix"; readonly path: string };
  /** Keys of a listener. */
  readonly keys: Readonly<Record<string, Value>>;
  readonly isProxyAccepted: boolean;
  readonly maxConnections: number | null;
  readonly userTimeoutMs: number | null;
  readonly isTls: boolean;
};

const ARGUMENTS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    ...["crt", "crt-list", "ca-file", "ca-verify-file", "ca-sign-file", "ca-sign-pass", "crl-file"],
    ...["ciphers", "ciphersuites", "curves", "ecdhe", "alpn", "npn", "verify", "ssl-min-ver"],
    ...["ssl-max-ver", "interface", "name", "id", "maxconn", "backlog", "mode", "user", "group"],
    ...[
      "uid",
      "gid",
      "level",
      "nice",
      "process",
      "thread",
      "shards",
      "tcp-ut",
      "mss",
      "severity-output",
    ],
    ...["tls-ticket-keys", "crt-ignore-err", "ca-ignore-err", "namespace", "proto", "label"],
    ...[
      "sigalgs",
      "client-sigalgs",
      "cc",
      "guid-prefix",
      "idle-ping",
      "quic-cc-algo",
      "default-crt",
    ],
  ].map((word) => [word, 1]),
);

const NEEDLESS =
  /^(?:backlog|nice|process|thread|shards|name|id|level|v4v6|expose-fd|severity-output|uid|gid|label|guid-prefix|proto|cc)$/;
const TLS =
  /^(?:ssl|crt|crt-list|ca-.*|crl-file|ciphers.*|curves|ecdhe|alpn|npn|verify|ssl-.*|no-ssl.*|no-tls.*|force-.*|tls-ticket-keys|no-alpn|strict-sni|allow-0rtt|generate-certificates|prefer-client-ciphers|default-crt|crt-ignore-err|sigalgs|client-sigalgs)$/;

/** One for each address of the line. */
export function readBind(line: Line, notes: Notebook): readonly Bind[] {
  const [, addresses = "", ...rest] = line.words;
  const options = readOptions(rest);
  const has = (name: string) => options.has(name);
  const isTls = has("ssl");
  noteOptions(options, { line, notes, isTls });
  return addresses.split(",").flatMap((text): Bind[] => {
    const address = parseBindAddress(text);
    if (address.kind === "unknown") {
      notes.lost(line, `${text}: ${address.why}`);
      return [];
    }
    if (address.kind === "tcp" && address.ip === "::" && has("v6only")) {
      notes.differs(line, "`::` is dual stack in bal: it accepts IPv4 clients as well");
    }
    return [
      {
        line,
        address,
        keys: address.kind === "unix" ? socketKeys(options) : tcpKeys(options, line),
        isProxyAccepted: has("accept-proxy"),
        maxConnections: Number(options.get("maxconn")) || null,
        userTimeoutMs: parseTime(options.get("tcp-ut")),
        isTls,
      },
    ];
  });
}

type Options = ReadonlyMap<string, string>;

function socketKeys(options: Options): Bind["keys"] {
  const mode = options.get("mode");
  return mode !== undefined && /^0?[0-7]{3}$/.test(mode) ? { mode: mode.padStart(4, "0") } : {};
}

function tcpKeys(options: Options, line: Line): Bind["keys"] {
  return {
    ...(options.has("tfo") && { tcp_fast_open: traced(true, line) }),
    ...(options.has("defer-accept") && { defer_accept: traced(true, line) }),
  };
}

function readOptions(words: readonly string[]): Options {
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    options.set(word, ARGUMENTS[word] === undefined ? "" : (words[++at] ?? ""));
  }
  return options;
}

const CARRIED = ["tfo", "defer-accept", "mode", "accept-proxy", "maxconn", "tcp-ut", "v6only"];

type Noting = { readonly line: Line; readonly notes: Notebook; readonly isTls: boolean };

function noteOptions(options: Options, { line, notes, isTls }: Noting): void {
  if (isTls) {
    const message =
      "HAProxy terminates TLS here; bal passes it through, so the backends need the certificate. If they have none, keep a program in front that terminates TLS, and let it connect to bal by `unix:` with a PROXY header";
    notes.lost({ ...line, text: "ssl" }, message);
  }
  for (const [word, value] of options) {
    const quote = { ...line, text: `${word} ${value}`.trim() };
    if (CARRIED.includes(word) || TLS.test(word)) continue;
    if (NEEDLESS.test(word))
      notes.needless(quote, "bal does this automatically, or does not need it");
    else if (word === "transparent") {
      notes.lost(quote, "bal accepts connections to its own addresses only");
    } else if (word === "interface") {
      notes.lost(
        quote,
        "bal binds addresses, not interfaces: write that interface's address as `bind_address`",
      );
    } else if (word === "user" || word === "group") {
      notes.differs(
        quote,
        "a socket belongs to the user that runs bal; `mode` says who may connect",
      );
    } else notes.lost(quote, "bal has no such option of a listener");
  }
}
