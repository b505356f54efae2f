// The admin API at one TCP address: a front that counts its clients, and Bun.serve behind it.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatHostPort } from "../../base/address.ts";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import type { AdminConfig } from "../../config/config.ts";
import { isLinux } from "../../os/libc.ts";
import { openFileLimit } from "../../os/limits.ts";
import { adminClients } from "../host/capacity.ts";
import type { Door } from "./authorization.ts";
import { ConnectionLimiter } from "./connection-limiter.ts";

/** How long a silent client lives: longer than any request is waited for. */
const IDLE_S = 120;
/** What is under way at an address that is given up, such as the reload itself, may take so long. */
const RETIRE_MS = 5000;

/** Bun.serve's. */
export type Handlers = {
  readonly development: false;
  readonly maxRequestBodySize: number;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly error: (error: unknown) => Response;
};

export type TcpEndpointOptions = {
  readonly handlersOf: (door: () => Door) => Handlers;
  /** More than `limit` clients came. */
  readonly onFull: (limit: number) => void;
};

let made = 0;

export class TcpEndpoint {
  readonly address: string;
  readonly port: number;
  token: string | null;
  private readonly server: Bun.Server<undefined>;
  private readonly front: ConnectionLimiter;

  /** Throws BalError `address-in-use`, `address-not-available`, `permission-denied` or `cannot-listen`. */
  constructor(
    listen: NonNullable<AdminConfig["listen"]>,
    token: string | null,
    { handlersOf, onFull }: TcpEndpointOptions,
  ) {
    this.address = formatHostPort(listen.ip, listen.port);
    this.port = listen.port;
    this.token = token;
    // Whoever of this host reaches it has to show no less than at the front.
    const inner = innerPath();
    // The types have this option for TCP only.
    const idle: object = { idleTimeout: IDLE_S };
    const handlers = handlersOf(() => ({ kind: "tcp", token: this.token }));
    this.server = Bun.serve({ unix: inner, ...idle, ...handlers });
    const limit = adminClients(openFileLimit());
    this.front = new ConnectionLimiter({
      address: listen,
      inner,
      limit,
      onFull: () => onFull(limit),
    });
    try {
      this.resume();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** No new clients, until `resume`: another address on the same port can be opened. */
  pause(): void {
    this.front.close();
  }

  /** Throws BalError, as the constructor does. */
  resume(): void {
    try {
      this.front.listen();
    } catch (error) {
      throw cannotListen(this.address, codeOf(error));
    }
  }

  /** No new clients; what is under way is answered. */
  retire(): void {
    this.front.close();
    void this.server.stop();
    setTimeout(() => this.end(), RETIRE_MS).unref();
  }

  end(): void {
    this.front.end();
    void this.server.stop(true);
  }
}

/** In Linux's abstract namespace: no file that could be left over. */
function innerPath(): string {
  const name = `bal-admin-${process.pid}-${made++}`;
  return isLinux ? `\0${name}` : join(tmpdir(), name);
}

function cannotListen(address: string, code: string | null): BalError {
  const where = `the admin API cannot listen on ${address}`;
  switch (code) {
    case "EADDRINUSE": {
      const port = address.slice(address.lastIndexOf(":") + 1);
      const hint = `see who listens there: ss -ltnp 'sport = :${port}'`;
      return new BalError("address-in-use", `${where}: it is already in use`, { hint });
    }
    case "EADDRNOTAVAIL":
      return new BalError("address-not-available", `${where}: it is not an address of this host`, {
        hint: "see the host's addresses with: ip addr",
      });
    case "EACCES":
    case "EPERM":
      return new BalError("permission-denied", `${where}: this user may not`, {
        hint: "use a port from 1024 on",
      });
    default:
      return new BalError("cannot-listen", `${where}: ${code}`);
  }
}
