// Where the admin API is served: on the home's unix socket, and over TCP where the config says so.
// Whatever happens here, the connections that are balanced go on.
import { rmSync } from "node:fs";
import { formatHostPort } from "../../base/address.ts";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import type { AdminConfig } from "../../config/config.ts";
import type { Events } from "../events.ts";
import type { Log } from "../log.ts";
import type { ControlApi } from "./api.ts";
import { EventStreams } from "./event-streams.ts";
import type { Door } from "./gate.ts";
import { Router } from "./router.ts";
import { routesOf } from "./routes.ts";

/** A body above this is not even read; router.ts refuses in words what is above less. */
const MAX_READ_BYTES = 1024 * 1024;
/** How long a silent client lives: longer than any request is waited for. */
const IDLE_S = 120;
/** What is under way at an address that is given up, such as the reload itself, may take so long. */
const RETIRE_MS = 5000;

type TcpDoor = {
  readonly address: string;
  readonly server: Bun.Server<undefined>;
  token: string | null;
};

/** An address that is open and not yet in force. */
export type Move = {
  readonly commit: () => void;
  /** Everything is as it was. */
  readonly undo: () => void;
};

export type AdminParts = { readonly log: Log; readonly events: Events };

export class AdminServer {
  private readonly streams: EventStreams;
  private readonly router: Router;
  private readonly log: Log;
  private socket: Bun.Server<undefined> | null = null;
  private tcp: TcpDoor | null = null;

  constructor(api: ControlApi, { log, events }: AdminParts) {
    this.log = log;
    this.streams = new EventStreams(events);
    this.router = new Router(routesOf(api, this.streams), (error) => this.fault(error));
  }

  /** The home's lock is held: what stands at the path is nobody's any more. */
  serveSocket(path: string): void {
    rmSync(path, { force: true });
    // bind(2) takes the mode from the umask.
    const umask = process.umask(0o177);
    try {
      // A reload may wait longer for another one than the 10 s that Bun lets a silent client live. The
      // types have this option for TCP only; Bun 1.4.5 obeys it here, and not `server.timeout`.
      const noIdleTimeout: object = { idleTimeout: 0 };
      const door: Door = { kind: "socket" };
      this.socket = Bun.serve({ unix: path, ...noIdleTimeout, ...this.handlers(() => door) });
    } finally {
      process.umask(umask);
    }
  }

  /** Opens what a config wants, before anything else of it is in force. Throws BalError
   *  `address-in-use`, `address-not-available`, `permission-denied` or `cannot-listen`. */
  move({ listen, token }: AdminConfig): Move {
    const before = this.tcp;
    if (listen === null) return { commit: () => this.enter(null), undo: () => {} };
    const address = formatHostPort(listen.ip, listen.port);
    if (before?.address === address) {
      const commit = () => {
        // Who was let in by another token comes again.
        if (before.token !== token) this.streams.close();
        before.token = token;
      };
      return { commit, undo: () => {} };
    }
    const next = this.open(listen, token);
    return { commit: () => this.enter(next), undo: () => void next.server.stop(true) };
  }

  async stop(): Promise<void> {
    this.streams.close();
    await Promise.all([this.socket?.stop(true), this.tcp?.server.stop(true)]);
  }

  private enter(next: TcpDoor | null): void {
    const before = this.tcp;
    this.tcp = next;
    if (next !== null) {
      const { address } = next;
      this.log.info("admin-listening", `the admin API listens on ${address}`, { address });
    }
    if (before === null) return;
    void before.server.stop();
    setTimeout(() => void before.server.stop(true), RETIRE_MS).unref();
  }

  private open({ ip, port }: NonNullable<AdminConfig["listen"]>, token: string | null): TcpDoor {
    const address = formatHostPort(ip, port);
    try {
      const server = Bun.serve({
        hostname: ip,
        port,
        idleTimeout: IDLE_S,
        ...this.handlers(() => ({ kind: "tcp", token: door.token })),
      });
      const door: TcpDoor = { address, server, token };
      return door;
    } catch (error) {
      throw cannotListen(address, codeOf(error), this.tcp?.address ?? null);
    }
  }

  private handlers(door: () => Door) {
    return {
      development: false,
      maxRequestBodySize: MAX_READ_BYTES,
      fetch: (request: Request) => this.router.answer(request, door()),
      error: (error: unknown) => {
        this.fault(error);
        return new Response(null, { status: 500 });
      },
    };
  }

  private fault(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.log.error("fault", `a fault in the admin API: ${text}`);
  }
}

function cannotListen(address: string, code: string | null, present: string | null): BalError {
  const where = `the admin API cannot listen on ${address}`;
  switch (code) {
    case "EADDRINUSE": {
      const port = address.slice(address.lastIndexOf(":") + 1);
      // Bun shares no port with itself.
      const hint =
        present?.endsWith(`:${port}`) === true
          ? `it does on ${present}: move it to another port, or restart bal`
          : `see who listens there: ss -ltnp 'sport = :${port}'`;
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
