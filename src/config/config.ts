// The resolved configuration: frozen, nothing optional, durations in milliseconds.
// Types only; schema.ts holds ranges and defaults, and resolve.ts makes one of these from a file.

export type Method = "round_robin" | "least_connections";
export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFormat = "auto" | "pretty" | "json";
export type Overload = "reject" | "wait";

export type HealthCheckConfig = {
  readonly type: "tcp";
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fastIntervalMs: number;
  readonly rise: number;
  readonly fall: number;
};

/** Milliseconds; 0 is off, except for connectMs, connectTotalMs and shutdownMs (0 = at once). */
export type TimeoutsConfig = {
  readonly connectMs: number;
  readonly connectTotalMs: number;
  readonly idleMs: number;
  readonly halfClosedMs: number;
  readonly shutdownMs: number;
};

export type BackendConfig = {
  /** With its pool's name, its identity. `host:port`, `[v6]:port`, or what the file says. */
  readonly name: string;
  /** An IP literal in canonical form, or a hostname in lower case. */
  readonly host: string;
  readonly port: number;
  /** 1..256; 0 takes no new connections. */
  readonly weight: number;
};

export type PoolConfig = {
  readonly name: string;
  readonly method: Method;
  readonly healthCheck: HealthCheckConfig;
  readonly backends: readonly BackendConfig[];
};

export type ListenerConfig = {
  readonly name: string;
  /** An IP literal in canonical form; "::" is dual stack. */
  readonly bindAddress: string;
  readonly port: number;
  /** The name of a pool that exists. */
  readonly pool: string;
};

export type LimitsConfig = {
  /** `auto`: worked out from the open-file limit. */
  readonly maxConnections: number | "auto";
  readonly overload: Overload;
  /** Bytes held for slow readers, all sessions together. `auto`: a quarter of memory, at least 256 MiB. */
  readonly maxBufferedBytes: number | "auto";
};

export type LogConfig = {
  readonly level: LogLevel;
  readonly format: LogFormat;
};

export type Config = {
  readonly workers: number | "auto";
  readonly watch: boolean;
  /** Bulk is moved inside the kernel where that can be. */
  readonly zeroCopy: boolean;
  /** Further backends that one client may be tried on. */
  readonly retries: number;
  /** Idle time before TCP keepalive probes; 0 is off. */
  readonly keepaliveMs: number;
  readonly timeouts: TimeoutsConfig;
  readonly limits: LimitsConfig;
  readonly log: LogConfig;
  /** In the order of the file. */
  readonly listeners: readonly ListenerConfig[];
  /** In the order of the file. */
  readonly pools: readonly PoolConfig[];
};
