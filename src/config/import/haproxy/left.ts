// Lines that no other file here reads: what becomes of each keyword.
import type { Notebook, NoteKind } from "../draft/note.ts";
import type { Line } from "./lexer.ts";
import type { Section } from "./sections.ts";

type Disposition = readonly [NoteKind, string];

const HTTP: Disposition = ["lost", "bal relays TCP and reads no HTTP"];
const IGNORED: Disposition = ["needless", "HAProxy ignores it in mode tcp"];
const HTTP_ONLY: Disposition = ["needless", "belongs to HTTP, which bal relays unread"];
const PROCESS: Disposition = [
  "needless",
  "`bal service` writes a unit with a user, rights and limits; bal needs no root",
];
const TUNING: Disposition = ["needless", "bal does this automatically, or does not need it"];
const LOG: Disposition = [
  "needless",
  "bal logs to stderr or `log.file`; `log: {access: all}` is a line for each session",
];
const TLS: Disposition = ["needless", "bal passes TLS through"];
const STATS: Disposition = [
  "differs",
  '`bal status`, `bal top` and the dashboard show what the stats page shows: admin: {listen: "127.0.0.1:9296"}, off loopback with a `token_file`',
];
const STICKY: Disposition = ["needless", "bal has no tables to share or to keep"];

/** By the first word, or by the first two. */
const DISPOSITIONS: Readonly<Record<string, Disposition>> = {
  ...all(PROCESS, ["daemon", "user", "group", "uid", "gid", "chroot", "pidfile", "master-worker"]),
  ...all(PROCESS, ["ulimit-n", "set-dumpable", "strict-limits", "unix-bind", "nbproc", "quiet"]),
  ...all(PROCESS, ["mworker-max-reloads", "prealloc-fd", "fd-hard-limit", "setcap", "debug"]),
  ...all(TUNING, [
    "cpu-map",
    "cpu-policy",
    "bind-process",
    "thread-groups",
    "thread-group",
    "backlog",
  ]),
  ...all(TUNING, [
    "spread-checks",
    "max-spread-checks",
    "noepoll",
    "nopoll",
    "nosplice",
    "nokqueue",
  ]),
  ...all(TUNING, ["busy-polling", "numa-cpu-mapping", "description", "id", "node", "localpeer"]),
  ...all(TUNING, ["server-state-file", "server-state-base", "load-server-state-from-file", "guid"]),
  ...all(TUNING, [
    "server-state-file-name",
    "setenv",
    "presetenv",
    "resetenv",
    "unsetenv",
    "zero-warning",
  ]),
  ...all(TUNING, [
    "default-path",
    "expose-experimental-directives",
    "insecure-fork-wanted",
    "mode",
  ]),
  ...all(TUNING, [
    "insecure-setuid-wanted",
    "enabled",
    "no-memory-trimming",
    "noreuseport",
    "no",
    "grace",
  ]),
  ...all(TUNING, [
    "max-session-srv-conns",
    "external-check",
    "maxpipes",
    "maxzlibmem",
    "maxcomprate",
  ]),
  ...all(LOG, [
    "log",
    "log-format",
    "log-format-sd",
    "log-tag",
    "log-send-hostname",
    "error-log-format",
  ]),
  ...all(LOG, ["log-steps", "unique-id-format", "unique-id-header", "capture", "declare"]),
  ...all(STATS, ["stats"]),
  ...all(STICKY, ["stick", "peers"]),
  ...all(TLS, [
    "ca-base",
    "crt-base",
    "maxsslconn",
    "maxsslrate",
    "issuers-chain-path",
    "ssl-engine",
  ]),
  ...all(TLS, ["ssl-server-verify", "ssl-dh-param-file", "ssl-mode-async", "ssl-propquery"]),
  ...all(HTTP_ONLY, [
    "errorfile",
    "errorfiles",
    "errorloc",
    "errorloc302",
    "errorloc303",
    "option",
  ]),
  ...all(HTTP_ONLY, [
    "compression",
    "http-reuse",
    "max-keep-alive-queue",
    "h1-case-adjust",
    "monitor-net",
  ]),
  ...all(HTTP_ONLY, ["h1-case-adjust-file", "h2-workaround-bogus-websocket-clients", "retry-on"]),
  ...all(HTTP, ["http-request", "http-response", "http-after-response", "http-error", "redirect"]),
  ...all(HTTP, ["cookie", "use-fcgi-app", "filter", "force-persist", "ignore-persist", "reqadd"]),
  "monitor-uri": [
    "differs",
    '`/livez` and `/readyz` of bal\'s admin API answer for load balancers in front: admin: {listen: "127.0.0.1:9296"}',
  ],
  monitor: ["differs", "`/readyz` answers 503 until every listener is bound, and while bal drains"],
  acl: ["needless", "each rule that it belongs to is carried, or has a note of its own"],
  "use-server": [
    "lost",
    "a backend is chosen by the pool's method and health alone; a pool for each server, and a route to it, can take the place of names",
  ],
  "tcp-request inspect-delay": ["needless", "nothing here waits for what a client says"],
  "tcp-response inspect-delay": ["needless", "nothing here waits for what a backend says"],
  "tcp-response": ["lost", "bal does not read what backends send"],
  "tcp-request": ["lost", "rules belong to a listener: `allow`, `deny`, `limits`, `routes`"],
  "email-alert": ["lost", "alert on the metrics: bal_backend_up, bal_pool_backends_available"],
  "lua-load": ["lost", "bal has no scripts"],
  "lua-load-per-thread": ["lost", "bal has no scripts"],
  fullconn: ["differs", "bal's limits are the same under any load"],
  dispatch: ["lost", "write the address as a backend"],
  transparent: ["lost", "bal dials the backends of its config only"],
  maxconnrate: ["lost", "a rate is a listener's: limits: {rate: 200/s}"],
  maxsessrate: ["lost", "a rate is a listener's: limits: {rate: 200/s}"],
  "option redispatch": ["needless", "if a backend does not answer, bal tries another one at once"],
  "option tcplog": [
    "needless",
    "without a `log` line HAProxy logs nothing; `log: {access: all}` does",
  ],
  "option httplog": ["needless", "`log: {access: all}` is a line for each session"],
  "option forwardfor": [
    "lost",
    "bal adds no header; `proxy_protocol: v2` sends the client's address to backends that understand the header",
  ],
  "option transparent": ["lost", "bal dials the backends of its config only"],
  "option nolinger": ["needless", "bal passes a reset on as a reset, and an end as an end"],
  "option abortonclose": ["needless", "a client that has gone leaves the queue by itself"],
  "option tcpka": ["needless", "keepalive is on for both sides: `keepalive: 60s`"],
  "option clitcpka": ["needless", "keepalive is on for both sides: `keepalive: 60s`"],
  "option srvtcpka": ["needless", "keepalive is on for both sides: `keepalive: 60s`"],
  "option persist": ["needless", "clients are not sent to backends that are down"],
  "option external-check": [
    "lost",
    "a check is a connection of bal's own: tcp, tls, http or exchange",
  ],
  "external-check command": [
    "lost",
    "a check is a connection of bal's own: tcp, tls, http or exchange",
  ],
  "external-check path": ["needless", "belongs to external-check"],
  "stats socket": [
    "needless",
    "`bal status`, `bal drain`, `bal weight` and `bal sessions` use $BAL_HOME/bal.sock",
  ],
  "stats timeout": TUNING,
};

const OPTIONS_NEEDLESS =
  /^(?:splice-.*|socket-stats|contstats|dontlognull|dontlog-normal|log-.*|logasap|tcp-smart-.*|independent-streams|allbackups|prefer-last-server|redis-check|mysql-check|pgsql-check|smtpchk|httpchk|ldap-check|ssl-hello-chk|tcp-check|spop-check)$/;

function all(disposition: Disposition, words: readonly string[]) {
  return Object.fromEntries(words.map((word) => [word, disposition]));
}

/** A note for each line that nobody has taken. */
export function noteLeft(
  section: Section,
  { notes, isHttp }: { readonly notes: Notebook; readonly isHttp: boolean },
): void {
  for (const line of section.left()) {
    const found = dispositionOf(line);
    const isOfHttp = found === HTTP || line.words[1] === "forwardfor";
    const [kind, message] = isOfHttp && !isHttp ? IGNORED : found;
    notes.add(kind, line, message);
  }
}

function dispositionOf({ words }: Line): Disposition {
  const [first, second = ""] = words;
  const found = DISPOSITIONS[`${first} ${second}`];
  if (found !== undefined) return found;
  if (first === "option" && OPTIONS_NEEDLESS.test(second)) return TUNING;
  if (first === "timeout") return timeoutOf(second);
  if (/^tcp-re/.test(first) && words[2] === "accept") {
    return ["needless", "clients are let in by their listener alone"];
  }
  if (/^(?:tune\.|profiling\.|51degrees|wurfl|deviceatlas|httpclient)/.test(first)) return TUNING;
  if (/^(?:ssl-|ocsp|acme)/.test(first)) return TLS;
  if (/^(?:clitcpka|srvtcpka)-/.test(first)) {
    return [
      "needless",
      "the time between two probes, and their number, are the kernel's (net.ipv4.tcp_keepalive_*)",
    ];
  }
  if (/^\.(?:if|elif|else|endif|notice|warning|alert|diag)$/.test(first)) {
    return ["lost", "bal's config has no conditions; lines of every branch were read"];
  }
  return DISPOSITIONS[first] ?? ["lost", "bal import does not know this keyword"];
}

function timeoutOf(name: string): Disposition {
  if (["http-request", "http-keep-alive", "tarpit", "client-hs"].includes(name)) return HTTP_ONLY;
  if (name === "check") return ["needless", "no check reads it"];
  return ["needless", "nothing here waits for it"];
}
