// A file as it was written, after each value was read by its field: what is absent is absent, and
// what was wrong is absent too. Durations are milliseconds, sizes bytes.

import type { PortRange } from "../../base/listen-address.ts";
import type { Rate } from "../../base/units.ts";
import type {
  AccessField,
  AccessFormat,
  AccessMode,
  AdminConfig,
  HashedBy,
  HealthCheckType,
  LogFormat,
  LogLevel,
  Method,
  OnDown,
  OnUp,
  Overload,
  ProxyProtocol,
  ProxyTlv,
  Refuse,
  ServerConfig,
} from "../config.ts";

type WrittenQueue = { readonly size?: number; readonly timeout?: number };

/** A word, or a map. */
export type WrittenProxyProtocol =
  | ProxyProtocol["version"]
  | {
      readonly version?: Exclude<ProxyProtocol["version"], "off">;
      readonly tlvs?: readonly (ProxyTlv | undefined)[];
    };

export type WrittenBackend = {
  readonly host?: string;
  readonly port?: number;
  readonly unix?: string;
  readonly weight?: number;
  readonly name?: string;
  readonly max_connections?: number;
  readonly proxy_protocol?: WrittenProxyProtocol;
  readonly queue?: WrittenQueue;
  readonly backup?: boolean;
  readonly drain?: boolean;
};

export type WrittenStep = {
  readonly send?: string;
  readonly expect?: string;
  readonly contains?: string;
};

export type WrittenCheck = WrittenStep & {
  readonly type?: HealthCheckType;
  readonly port?: number;
  readonly path?: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly steps?: readonly (WrittenStep | undefined)[];
  readonly server_name?: string;
  readonly verify?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly alpn?: readonly (string | undefined)[];
  readonly expiry_warning?: number;
  readonly interval?: number;
  readonly timeout?: number;
  readonly fast_interval?: number;
  readonly rise?: number;
  readonly fall?: number;
};

/** A check, or several of which all must pass. */
export type WrittenHealthCheck = WrittenCheck | readonly (WrittenCheck | undefined)[];

export type WrittenSessionTimeouts = {
  readonly connect?: number;
  readonly connect_total?: number;
  readonly preread?: number;
  readonly idle?: number;
  readonly half_closed?: number;
  readonly max_lifetime?: number;
  readonly user?: number;
};

export type WrittenTimeouts = WrittenSessionTimeouts & {
  readonly shutdown?: number;
  readonly drain_delay?: number;
};

type WrittenLimits = {
  readonly max_connections?: number | "auto";
  readonly overload?: Overload;
  readonly max_buffered?: number | "auto";
  readonly refuse?: Refuse;
};

export type WrittenAccess = AccessMode | WrittenAccessKeys;

type WrittenAccessKeys = {
  readonly mode?: AccessMode;
  readonly file?: string | null;
  readonly format?: AccessFormat;
  readonly fields?: readonly (AccessField | undefined)[];
};

export type WrittenLog = {
  readonly level?: LogLevel;
  readonly format?: LogFormat;
  readonly file?: string | null;
  readonly access?: WrittenAccess;
};

export type WrittenAdmin = {
  readonly listen?: AdminConfig["listen"];
  readonly token?: string | null;
  readonly token_file?: string | null;
};

export type WrittenListenerLimits = {
  readonly max_connections?: number;
  readonly per_client?: number;
  readonly rate?: Rate | 0;
  readonly rate_per_client?: Rate | 0;
};

export type WrittenRoute = {
  readonly sni?: readonly (string | undefined)[];
  readonly alpn?: readonly (string | undefined)[];
  readonly default?: boolean;
  readonly tls?: boolean;
  readonly pool?: string;
  readonly refuse?: boolean;
};

export type WrittenProxyAccept = {
  readonly accept?: boolean;
  readonly trusted?: readonly (string | undefined)[];
  readonly optional?: boolean;
};

export type WrittenListener = {
  readonly name?: string;
  readonly bind_address?: string;
  readonly port?: number | PortRange;
  readonly unix?: string;
  readonly mode?: number;
  readonly pool?: string;
  readonly routes?: readonly (WrittenRoute | undefined)[];
  readonly proxy_protocol?: WrittenProxyAccept;
  readonly allow?: readonly (string | undefined)[];
  readonly deny?: readonly (string | undefined)[];
  readonly tcp_fast_open?: boolean;
  readonly defer_accept?: boolean;
  readonly limits?: WrittenListenerLimits;
  readonly timeouts?: WrittenSessionTimeouts;
};

export type WrittenDiscover = {
  readonly srv?: string;
  readonly dns?: string;
  readonly port?: number;
  readonly max?: number;
};

export type WrittenResolver = {
  readonly servers?: readonly (ServerConfig | undefined)[];
  readonly interval?: number;
  readonly hold?: number;
};

type WrittenHash = {
  readonly key?: "address";
  readonly backend?: HashedBy;
  readonly bounded?: number;
};

export type WrittenPool = {
  readonly method?: Method;
  readonly hash?: WrittenHash;
  readonly retries?: number;
  readonly timeouts?: Pick<WrittenSessionTimeouts, "connect" | "connect_total">;
  readonly source?: readonly (string | undefined)[];
  readonly proxy_protocol?: WrittenProxyProtocol;
  readonly slow_start?: number;
  readonly on_down?: OnDown;
  readonly fail_open?: boolean | "auto";
  readonly wait?: number;
  readonly on_up?: OnUp;
  readonly health_check?: WrittenHealthCheck;
  readonly backends?: readonly (WrittenBackend | undefined)[];
  readonly discover?: WrittenDiscover;
};

export type WrittenConfig = {
  readonly port?: number | PortRange;
  readonly bind_address?: string;
  readonly method?: Method;
  readonly backends?: readonly (WrittenBackend | undefined)[];
  readonly workers?: number | "auto";
  readonly watch?: boolean;
  readonly zero_copy?: boolean | "auto";
  readonly retries?: number;
  readonly keepalive?: number;
  readonly health_check?: WrittenHealthCheck;
  readonly timeouts?: WrittenTimeouts;
  readonly limits?: WrittenLimits;
  readonly log?: WrittenLog;
  readonly admin?: WrittenAdmin;
  readonly resolver?: WrittenResolver;
  readonly listeners?: readonly (WrittenListener | undefined)[];
  readonly pools?: Readonly<Record<string, WrittenPool | undefined>>;
  /** The namesake's key. */
  readonly log_level?: LogLevel | "trace";
  readonly mode?: unknown;
  readonly runtime?: Readonly<Record<string, unknown>>;
};
