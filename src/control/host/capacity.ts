// How much this process may carry on this host, and what a start should warn about.
import { countSockets } from "../../base/listen-address.ts";
import type { Config } from "../../config/config.ts";
import { isLinux } from "../../os/libc.ts";
import { firstUnprivilegedPort, openFileLimit, usableCpus, usableMemory } from "../../os/limits.ts";
import type { SpliceLimits } from "../../shared/generation.ts";

/** `auto`: one worker per usable CPU, no more than this. */
const MAX_AUTO_WORKERS = 8;
/** Descriptors that the process needs for itself: the runtime's own, the log, the admin socket. */
const FIXED_DESCRIPTORS = 64;
/** A relayed connection: the client's socket and the backend's. */
const DESCRIPTORS_PER_SESSION = 2;
const DESCRIPTORS_PER_ADMIN_CLIENT = 1;
/** A pipe each way. */
const DESCRIPTORS_PER_SPLICED_SESSION = 4;
/** One in so many descriptors may be a spliced session's; none is where files are as scarce. */
const DESCRIPTORS_PER_SPLICE = 32;
const MIN_OPEN_FILES_TO_SPLICE = 1024;
const MAX_SPLICED_SESSIONS = 512;
/** The descriptors that a splicer has for itself: its epoll set and its eventfd. */
const DESCRIPTORS_PER_SPLICER = 2;
/** Bytes one way that make a session bulk. Below, the hand-over costs more than it saves. */
const SPLICE_AFTER_BYTES = 1024 * 1024;
/** Nobody means to serve so few; 256 open files, the default of some systems, leave less. */
const FEW_CONNECTIONS = 100;
/** The share of memory for bytes held for slow readers, and as much for the pipes of spliced sessions. */
const BUFFERED_SHARE = 1 / 4;
/** A pipe each way, full. */
const PIPE_BYTES_PER_SPLICED_SESSION = 2 * 256 * 1024;

/** Clients of the admin API over TCP at a time: many where files are many, few where they are scarce. */
export function adminClients(files: number): number {
  return Math.max(8, Math.min(256, Math.floor(files / 16)));
}

export function workerCount(config: Config): number {
  // Listening sockets are lent on Linux only; elsewhere one worker has its own.
  if (!isLinux) return 1;
  return config.workers === "auto" ? Math.min(usableCpus(), MAX_AUTO_WORKERS) : config.workers;
}

/** Sessions that the open-file limit leaves room for; at least 1. */
export function connectionsByFileLimit(
  config: Config,
  workers: number,
  files = openFileLimit(),
): number {
  const backends = config.pools.reduce((sum, pool) => sum + pool.backends.length, 0);
  const sockets = config.listeners.reduce((sum, { address }) => sum + countSockets(address), 0);
  const splice = spliceLimits(config, workers, files);
  const spliceEach = DESCRIPTORS_PER_SPLICED_SESSION * splice.maxSessions + DESCRIPTORS_PER_SPLICER;
  const own =
    FIXED_DESCRIPTORS +
    2 * workers * (sockets + 2) +
    backends +
    (config.admin.listen === null ? 0 : DESCRIPTORS_PER_ADMIN_CLIENT * adminClients(files)) +
    (splice.maxSessions > 0 ? workers * spliceEach : 0);
  return Math.max(1, Math.floor((files - own) / DESCRIPTORS_PER_SESSION));
}

/** The ceiling in force: what is configured, never more than the open-file limit allows. */
export function connectionCeiling(
  config: Config,
  workers: number,
  files = openFileLimit(),
): number {
  const { maxConnections } = config.limits;
  const possible = connectionsByFileLimit(config, workers, files);
  return maxConnections === "auto" ? possible : Math.min(maxConnections, possible);
}

export function bufferedCeiling(config: Config): number {
  const { maxBufferedBytes } = config.limits;
  if (maxBufferedBytes !== "auto") return maxBufferedBytes;
  return Math.floor(usableMemory() * BUFFERED_SHARE);
}

/** `BAL_SPLICE_AFTER` (bytes) is for tests: what is right for short sessions is right for all. */
export function spliceLimits(
  config: Config,
  workers: number,
  files = openFileLimit(),
): SpliceLimits {
  if (!isLinux || !config.zeroCopy || files < MIN_OPEN_FILES_TO_SPLICE) {
    return { afterBytes: Number.POSITIVE_INFINITY, maxSessions: 0 };
  }
  const all = Math.floor(
    Math.min(
      files / DESCRIPTORS_PER_SPLICE,
      (usableMemory() * BUFFERED_SHARE) / PIPE_BYTES_PER_SPLICED_SESSION,
      MAX_SPLICED_SESSIONS,
    ),
  );
  const afterBytes = Number(process.env.BAL_SPLICE_AFTER) || SPLICE_AFTER_BYTES;
  return { afterBytes, maxSessions: Math.ceil(all / workers) };
}

/** Facts of this host that the config will meet: what is wrong, and the remedy. */
export function hostWarnings(config: Config, workers: number): readonly string[] {
  const warnings: string[] = [];
  const { maxConnections } = config.limits;
  const possible = connectionsByFileLimit(config, workers);
  if (maxConnections !== "auto" && maxConnections > possible) {
    const needed = openFileLimit() + DESCRIPTORS_PER_SESSION * (maxConnections - possible);
    warnings.push(
      `limits.max_connections is ${maxConnections}, but the open-file limit of ${openFileLimit()} allows only ${possible}; raise it to ${needed} (ulimit -n, or LimitNOFILE= in a systemd unit)`,
    );
  }
  if (maxConnections === "auto" && possible < FEW_CONNECTIONS) {
    warnings.push(
      `the open-file limit of ${openFileLimit()} allows only ${possible} connections; raise it (ulimit -n, or LimitNOFILE= in a systemd unit)`,
    );
  }
  const first = firstUnprivilegedPort();
  for (const { name, address } of config.listeners) {
    if (address.kind === "unix" || address.ports.from >= first) continue;
    const port = address.ports.from;
    warnings.push(
      `listener ${name}: ports below ${first} need a permission that this user may not have; use a higher port, or sysctl net.ipv4.ip_unprivileged_port_start=${port}, or AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit (never setcap on the binary)`,
    );
  }
  return warnings;
}
