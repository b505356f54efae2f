// The admin API at one TCP address: node's HTTP server, behind a limiter that knows each connection.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket, Server as TcpServer } from "node:net";
import { formatHostPort } from "../../base/address.ts";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import type { AdminConfig } from "../../config/config.ts";
import { openFileLimit } from "../../os/limits.ts";
import { adminClients } from "../host/capacity.ts";
import { type Door, showsToken } from "./authorization.ts";
import { ConnectionLimiter } from "./connection-limiter.ts";
import { exchange, type Fetch } from "./http-exchange.ts";
import { COMMON_HEADERS, MAX_BODY_BYTES } from "./router.ts";

/** The time that requests under way at an address that is given up, such as the reload itself, may take. */
const RETIRE_MS = 5000;

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
    this.limiter = new ConnectionLimiter({
      limit,
      onFull: () => onFull(limit),
      ...(sweepMs !== undefined && { sweepMs }),
    });
    const http = nodeHttp().createServer({ keepAlive: false }, (incoming, outgoing) => {
      void this.answer(incoming, outgoing, (request) =>
        fetch(request, { kind: "tcp", token: this.token }),
      );
    });
    http.on("clientError", (_error, socket) => socket.end(BAD_REQUEST));
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
    if (!server.listening) throw cannotListen(this.address, whyNot(ip, port));
    this.server = server;
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

  private async answer(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    fetch: Fetch,
  ): Promise<void> {
    const connection = this.limiter.of(incoming.socket);
    if (connection === undefined) return;
    connection.activeAtMs = performance.now();
    connection.hasAsked = true;
    connection.requests++;
    const { token } = this;
    if (token !== null && showsToken(incoming.headers.authorization, token)) {
      connection.isTrusted = true;
    }
    try {
      await exchange(incoming, outgoing, { fetch, maxBodyBytes: MAX_BODY_BYTES });
    } catch {
      // A request that ended before it was whole, or that has no URL: nobody's fault but the client's.
      if (outgoing.headersSent) incoming.socket.destroy();
      else if (!incoming.socket.destroyed) incoming.socket.end(BAD_REQUEST);
    } finally {
      connection.requests--;
      if (this.isRetired) incoming.socket.end();
      connection.activeAtMs = performance.now();
    }
  }
}

const BAD_REQUEST = [
  "HTTP/1.1 400 Bad Request",
  ...Object.entries(COMMON_HEADERS).map(([name, value]) => `${name}: ${value}`),
  "Content-Length: 0",
  "Connection: close",
  "\r\n",
].join("\r\n");

// Both take tens of milliseconds to load, which only a config with `admin.listen` pays.
function nodeHttp(): typeof import("node:http") {
  return process.getBuiltinModule("node:http");
}

function nodeNet(): typeof import("node:net") {
  return process.getBuiltinModule("node:net");
}

// node reports the error later; this asks for it once more, and now.
function whyNot(hostname: string, port: number): string | null {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop();
    return "EADDRINUSE";
  } catch (error) {
    return codeOf(error);
  }
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
