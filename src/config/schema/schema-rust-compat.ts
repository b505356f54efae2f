// Keys of the Rust program of the same name. They are read, turned into ours by namesake.ts, and
// warned about.
import { type Field, type Keys, MAX_DURATION_MS } from "./field.ts";

// A warning proposes a value, which has to be in the new key's range.
const ms: Field = { kind: "integer", min: 1, max: MAX_DURATION_MS };
const checks: Field = { kind: "integer", min: 1, max: 100 };
const connections: Field = { kind: "integer", min: 1, max: 10_000_000 };
const ignored: Field = { kind: "any" };

const runtimeKeys: Keys = {
  health_check_interval_ms: { field: ms, doc: "now health_check.interval" },
  health_check_timeout_ms: { field: ms, doc: "now health_check.timeout" },
  health_check_fail_threshold: { field: checks, doc: "now health_check.fall" },
  health_check_success_threshold: { field: checks, doc: "now health_check.rise" },
  backend_connect_timeout_ms: { field: ms, doc: "now timeouts.connect" },
  connection_idle_timeout_ms: { field: ms, doc: "now timeouts.idle" },
  max_concurrent_connections: { field: connections, doc: "now limits.max_connections" },
  overload_policy: { field: ignored, doc: "now limits.overload" },
  tcp_backlog: { field: ignored, doc: "not needed: always 4096" },
  backend_cooldown_ms: { field: ignored, doc: "not needed: bal ejects failing backends by itself" },
};

const ignoring = ["failover_backoff_", "protection_"];

export const rustCompatKeys = {
  log_level: {
    field: { kind: "choice", values: ["trace", "debug", "info", "warn", "error"] },
    isOld: true,
    doc: "now log.level",
  },
  mode: { field: ignored, isOld: true, doc: "not needed" },
  runtime: {
    field: { kind: "map", keys: runtimeKeys, ignoring },
    isOld: true,
    doc: "now health_check, timeouts and limits",
  },
} as const satisfies Keys;
