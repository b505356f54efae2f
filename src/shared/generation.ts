// All that a worker knows of the config: plain data, replaced whole by the next generation.
import type { Endpoint } from "../base/address.ts";
import type { IpRanges } from "../base/ip-ranges.ts";
import type { ListenAddress } from "../base/listen-address.ts";
import type {
  AccessConfig,
  DialConfig,
  ListenerLimits,
  Method,
  Overload,
  ProxyProtocol,
  Refuse,
} from "../config/config.ts";
import type { ServingRules } from "./health-bits.ts";

export type GenerationBackend = {
  /** Its row on the board. */
  readonly slot: number;
  readonly name: string;
  /** 0..256 */
  readonly weight: number;
  /** Sessions at a time, over all threads; 0: no bound. */
  readonly maxConnections: number;
  /** The lowest one that has an eligible backend serves. */
  readonly tier: number;
  /** The header that shows it who the client is. */
  readonly proxyProtocol: ProxyProtocol;
  /** The hash of its address as configured. */
  readonly seed: number;
  /** In the order to try; empty while its name does not resolve. */
  readonly endpoints: readonly Endpoint[];
};

export type GenerationPool = {
  /** Its cursor on the board. */
  readonly slot: number;
  readonly name: string;
  readonly method: Method;
  /** For source_hash: the load that a backend may have, in percent of its share; 0: no bound. */
  readonly boundPercent: number;
  /** Clients that may wait while all are full, over all threads, and how long each. */
  readonly queue: { readonly size: number; readonly timeoutMs: number };
  /** Who may be picked while no backend is up. */
  readonly serving: ServingRules;
  /** How long a client waits for a backend to come up; 0: not at all. */
  readonly waitMs: number;
  /** The pool's own dial settings, where it has some. */
  readonly dial: DialConfig;
  /** Backends have health checks. */
  readonly isChecked: boolean;
  readonly backends: readonly GenerationBackend[];
};

export type GenerationListener = {
  /** Its row on the board. */
  readonly slot: number;
  readonly name: string;
  readonly address: ListenAddress;
  /** Its pool's row on the board; −1: `routes` tell. */
  readonly pool: number;
  readonly routes: readonly GenerationRoute[];
  readonly proxyProtocol: ProxyAccept;
  readonly limits: SessionLimits;
  readonly admission: Admission;
};

type GenerationRoute = {
  readonly sni: readonly string[];
  readonly alpn: readonly string[];
  readonly isDefault: boolean;
  /** For clients that speak no TLS. */
  readonly isPlain: boolean;
  /** Its pool's row on the board; −1: its clients are refused. */
  readonly pool: number;
};

/** The PROXY header of peers; null: none is looked for. */
type ProxyAccept = {
  /** The peers whose header is believed. */
  readonly trusted: IpRanges;
  /** A peer without a header is served under its own address. */
  readonly isOptional: boolean;
} | null;

/** Whom a listener turns away before a byte is read. */
export type Admission = {
  /** Null: everybody. */
  readonly allow: IpRanges | null;
  /** Wins over `allow`; null: nobody. */
  readonly deny: IpRanges | null;
  readonly limits: ListenerLimits;
};

export type SessionLimits = {
  readonly connectMs: number;
  readonly connectTotalMs: number;
  /** From accept until all is there that is read before a backend is picked. */
  readonly prereadMs: number;
  readonly idleMs: number;
  readonly halfClosedMs: number;
  /** From accept to the end whatever happens, a tenth more or less; 0 is off. */
  readonly maxLifetimeMs: number;
  /** How long a backend may leave bytes unconfirmed; 0: as long as the kernel says. */
  readonly userMs: number;
  /** Further backends that one client may be tried on. */
  readonly retries: number;
  /** 0 is off. */
  readonly keepaliveMs: number;
  /** The end that a refused client sees. */
  readonly refuse: Refuse;
};

export type SpliceLimits = {
  /** Bytes in one direction that make a session bulk; Infinity: none is. */
  readonly afterBytes: number;
  /** Sessions that one splicer may have at a time. */
  readonly maxSessions: number;
};

/** All that a worker knows of the config; replaced whole by the next one. */
export type Generation = {
  /** Rises with every apply: reloads, DNS answers, workers that come and go. */
  readonly revision: number;
  readonly listeners: readonly GenerationListener[];
  /** The descriptors to dup and adopt, for each listener in their order: the worker's own, and those of a
   *  worker that is being replaced. None where the platform has none to lend: the worker listens by itself. */
  readonly sockets: readonly (readonly number[])[];
  readonly pools: readonly GenerationPool[];
  /** Sessions of all workers together. */
  readonly maxConnections: number;
  readonly overload: Overload;
  /** Bytes held for slow readers, all workers together. */
  readonly maxBufferedBytes: number;
  readonly splice: SpliceLimits;
  readonly access: AccessPlan;
};

/** The access log's part of the config; null: no session is logged. */
export type AccessPlan = AccessConfig | null;
