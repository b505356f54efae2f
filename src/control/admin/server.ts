// Where the admin API is served: on the home's unix socket, and over TCP where the config says so.
// Whatever happens here, the connections that are balanced go on.
import { renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatHostPort } from "../../base/address.ts";
import type { Move } from "../../base/staged-change.ts";
import type { AdminConfig } from "../../config/config.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { Log } from "../logs/log.ts";
import type { Door } from "./authorization.ts";
import type { ControlApi } from "./control-api.ts";
import { EventStreams } from "./event-streams.ts";
import { Router } from "./router.ts";
import { routesOf } from "./routes.ts";
import { TcpEndpoint } from "./tcp-endpoint.ts";

/** A body above this is not even read; router.ts refuses in words what is above less. */
const MAX_READ_BYTES = 1024 * 1024;
/** How often it is said that there are too many clients. */
const FULL_MS = 10_000;
/** How often a fault is logged. */
const FAULT_MS = 1000;
const LATELY_MS = 60_000;

const SOCKET: Door = { kind: "socket" };

type SocketDoor = {
  readonly path: string;
  /** Another's may stand at the path. */
  readonly inode: number;
  readonly server: Bun.Server<undefined>;
};

type AdminParts = { readonly log: Log; readonly events: EventBus };

export class AdminServer {
  private readonly streams: EventStreams;
  private readonly router: Router;
  private readonly log: Log;
  private socket: SocketDoor | null = null;
  private tcp: TcpEndpoint | null = null;
  private saidFullAtMs = Number.NEGATIVE_INFINITY;
  private saidFaultAtMs = Number.NEGATIVE_INFINITY;
  private fullAtMs = Number.NEGATIVE_INFINITY;

  constructor(api: ControlApi, { log, events }: AdminParts) {
    this.log = log;
    this.streams = new EventStreams(events);
    this.router = new Router(routesOf(api, this.streams), {
      started: api.started,
      onFault: (error) => this.fault(error),
    });
  }

  /** The home's lock is held: what stands at the path is nobody's any more, or another's whose place this
   *  process takes. It is there in one go: nobody finds it gone. Called again, it is made again. */
  serveSocket(path: string): void {
    // Bun unlinks the path that it has bound when it stops, whatever stands there then: not this one.
    const unnamed = join(dirname(path), `.${process.pid}`);
    rmSync(unnamed, { force: true });
    // bind(2) takes the mode from the umask.
    const umask = process.umask(0o177);
    const before = this.socket?.server;
    try {
      // A reload may wait longer for another one than the 10 s that Bun lets a silent client live. The
      // types have this option for TCP only; Bun 1.4.5 obeys it here, and not `server.timeout`.
      const noIdleTimeout: object = { idleTimeout: 0 };
      const server = Bun.serve({ unix: unnamed, ...noIdleTimeout, ...this.handlers });
      this.socket = { path, inode: statSync(unnamed).ino, server };
      renameSync(unnamed, path);
    } finally {
      process.umask(umask);
    }
    void before?.stop();
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
    // 127.0.0.1 and 0.0.0.0 cannot both have one port.
    const clash = before?.port === listen.port ? before : null;
    clash?.pause();
    try {
      const next = new TcpEndpoint(listen, token, {
        fetch: (request, door) => this.router.answer(request, door),
        onFull: (limit) => this.full(limit),
      });
      const undo = () => {
        next.end();
        this.resume(clash);
      };
      return { commit: () => this.enter(next), undo };
    } catch (error) {
      this.resume(clash);
      throw error;
    }
  }

  /** Clients over TCP were reset in the last minute. */
  get wasFull(): boolean {
    return performance.now() - this.fullAtMs < LATELY_MS;
  }

  async stop(): Promise<void> {
    this.streams.close();
    const { socket, tcp } = this;
    if (socket !== null && inodeOf(socket.path) === socket.inode) rmSync(socket.path);
    tcp?.end();
    await socket?.server.stop(true);
  }

  private enter(next: TcpEndpoint | null): void {
    const before = this.tcp;
    this.tcp = next;
    if (next !== null) {
      const { address } = next;
      this.log.info("admin-listening", `the admin API listens on ${address}`, { address });
    }
    before?.retire();
  }

  private resume(door: TcpEndpoint | null): void {
    try {
      door?.resume();
    } catch (error) {
      // Somebody else was faster: why the reload failed is still what is to be told.
      this.fault(error);
    }
  }

  private readonly handlers = {
    development: false,
    maxRequestBodySize: MAX_READ_BYTES,
    fetch: (request: Request) => this.router.answer(request, SOCKET),
    error: (error: unknown) => {
      this.fault(error);
      return new Response(null, { status: 500 });
    },
  } as const;

  private full(limit: number): void {
    const nowMs = performance.now();
    this.fullAtMs = nowMs;
    if (nowMs - this.saidFullAtMs < FULL_MS) return;
    this.saidFullAtMs = nowMs;
    const message = `clients without a token use all ${limit} places of the admin API over TCP; bal closes idle ones for new clients`;
    this.log.warn("admin-full", message, { limit });
  }

  private fault(error: unknown): void {
    const nowMs = performance.now();
    if (nowMs - this.saidFaultAtMs < FAULT_MS) return;
    this.saidFaultAtMs = nowMs;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.log.error("fault", `an internal fault in the admin API: ${text}`);
  }
}

function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}
