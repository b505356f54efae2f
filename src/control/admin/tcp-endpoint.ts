// The admin API at one TCP address: node's HTTP server, behind a limiter that knows each connection.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket, Server as TcpServer } from "node:net";
import { formatHostPort } from "../../base/address.ts";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import type { AdminConfig } from "../../config/config.ts";
import { openFileLimit } from "../../os/limits.ts";
import { adminClients } from "../host/capacity.ts";
import { cannotListen } from "../listeners/listen-error.ts";
import { type Door, showsToken } from "./authorization.ts";
import { type Connection, ConnectionLimiter } from "./connection-limiter.ts";
import { exchange } from "./http-exchange.ts";
import { COMMON_HEADERS, MAX_BODY_BYTES } from "./router.ts";

/** The time that requests under way at an address that is given up, such as the reload itself, may take. */
const RETIRE_MS = 5000;
/** Requests that a client may have sent before the first of them is answered. */
const MOST_AHEAD = 8;

export type TcpEndpointOptions = {
  readonly fetch: (request: Request, door: Door) => Promise<Response>;
  /** Connections at a time; default: by the open-file limit. */
  readonly limit?: number;
  readonly sweepMs?: number;
  /** More than `limit` clients came. */
  readonly onFull: (limit: number) => void;
};

export class TcpEndpoint {
  readonly address: string;
  readonly port: number;
  token: string | null;
  private readonly listen: NonNullable<AdminConfig["listen"]>;
  private readonly limiter: ConnectionLimiter;
  private readonly fetch: TcpEndpointOptions["fetch"];
  private readonly serveConnection: (socket: Socket) => void;
  private server: TcpServer | null = null;
  private isRetired = false;

  /** Throws BalError `address-in-use`, `address-not-available`, `permission-denied` or `cannot-listen`. */
  constructor(
    listen: NonNullable<AdminConfig["listen"]>,
    token: string | null,
    options: TcpEndpointOptions,
  ) {
    this.listen = listen;
    this.address = formatHostPort(listen.ip, listen.port);
    this.port = listen.port;
    this.token = token;
    const { fetch, onFull, limit = adminClients(openFileLimit()), sweepMs } = options;
    this.fetch = fetch;
    this.limiter = new ConnectionLimiter({
      limit,
      onFull: () => onFull(limit),
      ...(sweepMs !== undefined && { sweepMs }),
    });
    const http = nodeHttp().createServer({ keepAlive: false }, (incoming, outgoing) => {
      this.take(incoming, outgoing);
    });
    http.on("clientError", (_error, socket) => socket.end(BAD_REQUEST));
    // Without these, node closes the connection, or answers by itself without the usual headers.
    http.on("connect", (_incoming, socket) => socket.end(refusalOf("405 Method Not Allowed")));
    http.on("checkExpectation", (_incoming, outgoing) => {
      outgoing.writeHead(417, { ...COMMON_HEADERS, Connection: "close" }).end();
    });
    this.serveConnection = (socket) => {
      socket.on("error", () => socket.destroy());
      if (this.limiter.admit(socket) !== null) http.emit("connection", socket);
    };
    this.resume();
  }

  /** No new clients, until `resume`: another address on the same port can be opened. */
  pause(): void {
    this.server?.close();
    this.server = null;
  }

  /** Throws BalError, as the constructor does. */
  resume(): void {
    const { ip, port } = this.listen;
    const server = nodeNet().createServer({ allowHalfOpen: true }, this.serveConnection);
    // It comes after `listening` is known, and is reported then.
    server.on("error", () => {});
    server.listen({ host: ip, port });
    if (!server.listening) throw this.cannotListen(whyNot(ip, port));
    this.server = server;
  }

  private cannotListen(code: string): BalError {
    const { ip, port } = this.listen;
    const family = ip.includes(":") ? 6 : 4;
    const { code: kind, message, hint } = cannotListen({ family, ip, port }, code);
    return new BalError(
      kind,
      `the admin API cannot listen: ${message}`,
      hint === null ? {} : { hint },
    );
  }

  /** No new clients and no new requests; what is under way is answered. */
  retire(): void {
    this.pause();
    this.isRetired = true;
    this.limiter.endIdle();
    setTimeout(() => this.end(), RETIRE_MS).unref();
  }

  end(): void {
    this.pause();
    this.limiter.end();
  }

  /** One after the other: what a client sends ahead waits for its turn, and is bounded. */
  private take(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const connection = this.limiter.of(incoming.socket);
    if (connection === undefined || connection.isOver) return;
    connection.activeAtMs = performance.now();
    connection.hasAsked = true;
    const { token } = this;
    if (token !== null && showsToken(incoming.headers.authorization, token)) {
      connection.isTrusted = true;
    }
    if (connection.requests >= MOST_AHEAD) {
      connection.isOver = true;
      connection.socket.resetAndDestroy();
      return;
    }
    connection.requests++;
    connection.turn = connection.turn.then(() => this.answer(connection, incoming, outgoing));
  }

  /** Never rejects. */
  private async answer(
    connection: Connection,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    try {
      if (connection.isOver) return;
      const fetch = (request: Request) => this.fetch(request, { kind: "tcp", token: this.token });
      const stays = await exchange(incoming, outgoing, { fetch, maxBodyBytes: MAX_BODY_BYTES });
      connection.isOver ||= !stays;
    } catch {
      // A request that ended before it was whole, or that has no URL: nobody's fault but the client's.
      connection.isOver = true;
      if (outgoing.headersSent) incoming.socket.destroy();
      else if (!incoming.socket.destroyed) incoming.socket.end(BAD_REQUEST);
    } finally {
      connection.requests--;
      if (this.isRetired) incoming.socket.end();
      connection.activeAtMs = performance.now();
    }
  }
}

const BAD_REQUEST = refusalOf("400 Bad Request");

/** A whole answer, after which nothing more is read. */
function refusalOf(status: string): string {
  return [
    `HTTP/1.1 ${status}`,
    ...Object.entries(COMMON_HEADERS).map(([name, value]) => `${name}: ${value}`),
    "Content-Length: 0",
    "Connection: close",
    "\r\n",
  ].join("\r\n");
}

// Both take tens of milliseconds to load, which only a config with `admin.listen` pays.
function nodeHttp(): typeof import("node:http") {
  return process.getBuiltinModule("node:http");
}

function nodeNet(): typeof import("node:net") {
  return process.getBuiltinModule("node:net");
}

// node reports the error later; this asks for it once more, and now.
function whyNot(hostname: string, port: number): string {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop();
    return "EADDRINUSE";
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}
