// The resolved configuration: frozen, nothing optional, durations in milliseconds.
// Types only; schema.ts holds ranges and defaults, and resolve.ts makes one of these from a file.
import type { Address } from "../base/address.ts";
import type { ListenAddress } from "../base/listen-address.ts";
import type { Rate } from "../base/units.ts";

export type Method =
  | "round_robin"
  | "least_connections"
  | "random"
  | "source_hash"
  | "least_time"
  | "first";
export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFormat = "auto" | "pretty" | "json";
export type AccessMode = "off" | "errors" | "all";
export type AccessFormat = "json" | "text";
export type AccessField =
  | "time"
  | "listener"
  | "client"
  | "sni"
  | "pool"
  | "backend"
  | "attempts"
  | "queue_ms"
  | "dial_ms"
  | "first_byte_ms"
  | "duration_ms"
  | "bytes_up"
  | "bytes_down"
  | "end"
  | "reason";
export type Overload = "reject" | "wait";
export type Refuse = "reset" | "close";

/** The TLVs by which version 2 of the PROXY protocol describes a connection besides its addresses. */
export type ProxyTlv = "authority" | "alpn" | "unique_id" | "crc32c";

/** The header that shows a backend who its client is. */
export type ProxyProtocol = {
  readonly version: "off" | "v1" | "v2";
  /** The TLVs of v2, in the order of ProxyTlv; empty: none. */
  readonly tlvs: readonly ProxyTlv[];
};

export type OnDown = "keep" | "close";
export type OnUp = "keep" | "close_backups";

export type HealthCheckType = "tcp" | "tls" | "http" | "https" | "exchange" | "off";

/** The text that is sent and the answer that is then waited for; an empty text is none. */
export type ExchangeStep = {
  readonly send: string;
  /** The answer begins with this. */
  readonly expect: string;
  /** The answer contains this. */
  readonly contains: string;
};

type CheckPlace = {
  /** 0: the backend's. */
  readonly port: number;
  readonly timeoutMs: number;
};

export type HttpCheck = {
  readonly method: string;
  readonly path: string;
  /** The Host header; empty: the backend's. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Statuses; empty for 200-399. */
  readonly expect: string;
  /** The body contains this; empty: the body is not read. */
  readonly contains: string;
};

export type TlsCheck = {
  /** Empty: the backend's host, where that is a name. */
  readonly serverName: string;
  /** Must the certificate be valid? */
  readonly isVerified: boolean;
  /** PEM files. Null: the authorities that come with bal, and no certificate of the client's. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** Protocols that are offered; empty: none. */
  readonly alpn: readonly string[];
  /** 0: none. */
  readonly expiryWarningMs: number;
};

export type CheckConfig = CheckPlace &
  (
    | { readonly type: "tcp" }
    | ({ readonly type: "tls" } & TlsCheck)
    | ({ readonly type: "http" } & HttpCheck)
    | ({ readonly type: "https" } & HttpCheck & TlsCheck)
    | { readonly type: "exchange"; readonly steps: readonly ExchangeStep[] }
  );

export type HealthCheckConfig = {
  /** All must pass; none: a backend is up unless its dials fail. */
  readonly checks: readonly CheckConfig[];
  readonly intervalMs: number;
  readonly fastIntervalMs: number;
  readonly rise: number;
  readonly fall: number;
};

/** Milliseconds; 0 is off, except for connectMs, connectTotalMs and prereadMs. */
export type SessionTimeouts = {
  readonly connectMs: number;
  readonly connectTotalMs: number;
  /** From accept until PROXY header and ClientHello are there, where they are waited for. */
  readonly prereadMs: number;
  readonly idleMs: number;
  readonly halfClosedMs: number;
  readonly maxLifetimeMs: number;
  /** How long sent bytes may stay unconfirmed; 0: as long as the kernel says. */
  readonly userMs: number;
};

type TimeoutsConfig = SessionTimeouts & {
  /** Milliseconds; 0: at once. */
  readonly shutdownMs: number;
  /** How long new clients are still accepted once a drain has begun. Milliseconds; 0: not at all. */
  readonly drainDelayMs: number;
};

export type BackendConfig = {
  /** With its pool's name, its identity. `host:port`, `[v6]:port`, `host`, `unix:/path`, or what the file
   *  says. */
  readonly name: string;
  /** A hostname is in lower case. */
  readonly address: Address;
  /** 1..256; 0 takes no new connections. */
  readonly weight: number;
  /** Sessions at a time; 0: no bound. */
  readonly maxConnections: number;
  /** The header that shows it who the client is. */
  readonly proxyProtocol: ProxyProtocol;
  /** Clients that may wait for a place in its pool, and how long each. */
  readonly queue: { readonly size: number; readonly timeoutMs: number };
  /** The lowest tier that has an eligible backend serves; one with `backup: true` is in BACKUP_TIER. */
  readonly tier: number;
  /** Takes no new connections and keeps those it has. */
  readonly isDraining: boolean;
};

/** A pool's own dial settings; null: as its clients' listener, or the top of the file, has it. */
export type DialConfig = {
  /** Further backends that one client may be tried on. */
  readonly retries: number | null;
  readonly connectMs: number | null;
  readonly connectTotalMs: number | null;
  /** Addresses of this host that dials and checks come from; empty: the kernel chooses. */
  readonly source: readonly string[];
};

/** The part of a backend that is hashed. */
export type HashedBy = "endpoint" | "host" | "name";

export type PoolConfig = {
  readonly name: string;
  readonly method: Method;
  readonly healthCheck: HealthCheckConfig;
  /** For source_hash: the load that a backend may have, in percent of its share; 0: no bound. */
  readonly boundPercent: number;
  readonly hashedBy: HashedBy;
  readonly dial: DialConfig;
  /** How long a backend that comes back takes to have its whole weight; 0: none. */
  readonly slowStartMs: number;
  /** The default of its backends. */
  readonly proxyProtocol: ProxyProtocol;
  /** The fate of the sessions of a backend that goes down. */
  readonly onDown: OnDown;
  /** While no backend is up: are all tried that do not drain? `auto`: where no check shows a role. */
  readonly failOpen: boolean | "auto";
  /** How long a client waits for a backend to come up where they are not tried; 0: not at all. */
  readonly waitMs: number;
  /** The fate of the sessions of backups once another backend is up. */
  readonly onUp: OnUp;
  readonly backends: readonly BackendConfig[];
  /** Where further backends come from; null: there are no others. */
  readonly discover: DiscoverConfig | null;
};

/** The question to DNS: a name in lower case. */
export type DiscoverConfig = {
  /** Backends from there at a time, at most. */
  readonly max: number;
} & (
  | { readonly kind: "srv"; readonly name: string }
  | { readonly kind: "dns"; readonly name: string; readonly port: number }
);

/** A name server: an IP literal in canonical form, and a port. */
export type ServerConfig = { readonly ip: string; readonly port: number };

export type ResolverConfig = {
  /** Empty: the system's. */
  readonly servers: readonly ServerConfig[];
  /** The longest that an answer is used before it is asked for again. */
  readonly intervalMs: number;
  /** How long a server has to say that there is nothing before that is believed. */
  readonly holdMs: number;
};

/** Where the clients of one kind go: those of these names, of these protocols, or all others. */
export type RouteConfig = {
  /** In lower case: `a.example`, `*.b.example`. */
  readonly sni: readonly string[];
  readonly alpn: readonly string[];
  readonly isDefault: boolean;
  /** For clients that speak no TLS. */
  readonly isPlain: boolean;
  /** The name of a pool that exists; null: they are refused. */
  readonly pool: string | null;
};

/** The PROXY header that a listener's peers send. */
export type ProxyAcceptConfig = {
  /** Else none is looked for. */
  readonly isAccepted: boolean;
  /** CIDR blocks in canonical form: whose header is believed. */
  readonly trusted: readonly string[];
  /** A peer without a header is served under its own address. */
  readonly isOptional: boolean;
};

export type ListenerConfig = {
  readonly name: string;
  readonly address: ListenAddress;
  /** The name of a pool that exists; null: `routes` tell. */
  readonly pool: string | null;
  /** In the order of the file; empty beside a pool. */
  readonly routes: readonly RouteConfig[];
  readonly proxyProtocol: ProxyAcceptConfig;
  /** CIDR blocks in canonical form; null: everybody. */
  readonly allow: readonly string[] | null;
  /** Wins over `allow`. */
  readonly deny: readonly string[];
  /** A client's first bytes may come with its SYN. */
  readonly isFastOpen: boolean;
  /** The kernel waits for a client's first bytes. */
  readonly isDeferred: boolean;
  readonly limits: ListenerLimits;
  readonly timeouts: SessionTimeouts;
};

/** 0 is no bound; a rate is of new connections, all of which may come at once. */
export type ListenerLimits = {
  /** Sessions at a time. */
  readonly maxConnections: number;
  /** Sessions at a time of one client address; of IPv6 of one /64. */
  readonly perClient: number;
  readonly rate: Rate;
  readonly ratePerClient: Rate;
};

type LimitsConfig = {
  /** `auto`: worked out from the open-file limit. */
  readonly maxConnections: number | "auto";
  readonly overload: Overload;
  /** Bytes held for slow readers, all sessions together. `auto`: a quarter of memory, at least 256 MiB. */
  readonly maxBufferedBytes: number | "auto";
  /** The end that a refused client sees: a reset, or an end of its stream. */
  readonly refuse: Refuse;
};

export type LogConfig = {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Relative to the config's folder. Null: stderr, or the home's. */
  readonly file: string | null;
  readonly access: AccessConfig;
};

/** The access log: a line for each session that has ended. */
export type AccessConfig = {
  readonly mode: AccessMode;
  /** Relative to the config's folder. Null: stdout, or the home's. */
  readonly file: string | null;
  readonly format: AccessFormat;
  /** The fields of a line, in this order. */
  readonly fields: readonly AccessField[];
};

export type AdminConfig = {
  /** Null: the unix socket alone. */
  readonly listen: { readonly ip: string; readonly port: number } | null;
  /** Null: none is asked for. Where there is a `tokenFile`, what is in it once it was read. */
  readonly token: string | null;
  /** As it is written. Null beside a token that is written itself. */
  readonly tokenFile: string | null;
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
  readonly admin: AdminConfig;
  readonly resolver: ResolverConfig;
  /** In the order of the file. */
  readonly listeners: readonly ListenerConfig[];
  /** In the order of the file. */
  readonly pools: readonly PoolConfig[];
};
