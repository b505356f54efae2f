// Directives that no other file here reads: what becomes of each.
import type { Notebook, NoteKind } from "../draft/note.ts";
import type { Directive } from "./lexer.ts";

type Disposition = readonly [NoteKind, string];

const PROCESS: Disposition = [
  "needless",
  "`bal service` writes a unit with a user, rights and limits",
];
const TUNING: Disposition = ["needless", "bal does this automatically, or does not need it"];
const LOG: Disposition = [
  "needless",
  "bal logs to stderr or `log.file`; its access log has fields of its own: `log: {access: {mode: all, fields: [...]}}`",
];
const TLS: Disposition = [
  "lost",
  "bal does not terminate TLS but passes it through: the backends need the certificate",
];
const UPSTREAM_TLS: Disposition = [
  "lost",
  "bal speaks no TLS to backends: it passes on what the client sends",
];
const SCRIPT: Disposition = ["lost", "bal has no scripts and no variables"];
const SPEED: Disposition = ["lost", "bal does not slow a connection down"];

const DISPOSITIONS: Readonly<Record<string, Disposition>> = {
  ...all(PROCESS, [
    "user",
    "pid",
    "daemon",
    "master_process",
    "worker_rlimit_nofile",
    "worker_rlimit_core",
  ]),
  ...all(PROCESS, ["worker_priority", "working_directory", "lock_file", "env"]),
  ...all(TUNING, [
    "events",
    "load_module",
    "worker_cpu_affinity",
    "worker_shutdown_timeout",
    "pcre_jit",
  ]),
  ...all(TUNING, [
    "tcp_nodelay",
    "proxy_buffer_size",
    "proxy_socket_keepalive",
    "preread_buffer_size",
  ]),
  ...all(TUNING, [
    "variables_hash_max_size",
    "variables_hash_bucket_size",
    "map_hash_max_size",
    "status_zone",
  ]),
  ...all(TUNING, [
    "map_hash_bucket_size",
    "server_names_hash_bucket_size",
    "limit_conn_log_level",
    "thread_pool",
  ]),
  ...all(TUNING, [
    "timer_resolution",
    "debug_connection",
    "google_perftools_profiles",
    "proxy_half_close",
  ]),
  ...all(TUNING, [
    "limit_conn_zone",
    "set_real_ip_from",
    "resolver_timeout",
    "proxy_protocol_timeout",
    "ssl_preread",
  ]),
  ...all(TUNING, [
    "proxy_requests",
    "proxy_responses",
    "upstream_conf",
    "api",
    "zone_sync",
    "server_names_hash_max_size",
  ]),
  ...all(LOG, ["log_format", "error_log", "access_log", "open_log_file_cache"]),
  ...all(SPEED, ["proxy_download_rate", "proxy_upload_rate"]),
  ...all(SCRIPT, [
    "set",
    "js_import",
    "js_include",
    "js_access",
    "js_preread",
    "js_filter",
    "js_set",
    "js_path",
  ]),
  ...all(SCRIPT, [
    "geo",
    "geoip_country",
    "geoip_city",
    "geoip2",
    "split_clients",
    "keyval",
    "keyval_zone",
  ]),
  http: [
    "lost",
    "bal relays TCP and reads no HTTP: leave this block with nginx, and let bal have the `stream`",
  ],
  mail: ["lost", "bal relays mail as TCP: a listener and a pool for each port"],
  return: ["lost", "bal answers nothing itself"],
  pass: ["lost", "bal passes connections to backends only, also to one on this host"],
  map: ["needless", "no proxy_pass uses it"],
  upstream: ["needless", "no proxy_pass uses it"],
  resolver: TUNING,
  server_name: ["lost", "a listener's names are its routes: {sni: [NAME], pool: POOL}"],
  health_check_timeout: TUNING,
  match: [
    "lost",
    "`health_check: {type: exchange, send, expect}` says what a check sends and looks for",
  ],
};

function all(disposition: Disposition, words: readonly string[]) {
  return Object.fromEntries(words.map((word) => [word, disposition]));
}

export function noteLeft(directive: Directive, notes: Notebook): void {
  const [kind, message] = dispositionOf(directive.name);
  const text = directive.block === null ? directive.text : `${directive.text} {…}`;
  notes.add(kind, { ...directive, text }, message);
}

function dispositionOf(name: string): Disposition {
  const known = DISPOSITIONS[name];
  if (known !== undefined) return known;
  if (name.startsWith("proxy_ssl")) return UPSTREAM_TLS;
  if (name.startsWith("ssl_")) return TLS;
  if (name.startsWith("lua_") || name.endsWith("_by_lua_block")) return SCRIPT;
  return ["lost", "bal import does not know this directive"];
}
