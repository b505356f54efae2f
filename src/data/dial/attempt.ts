// A dial's attempt at one backend: the place on it, its addresses in turn, and the PROXY header that it gets
// first. It lives as long as the dial and is used for each backend that the dial picks.
import type { Endpoint } from "../../base/address.ts";
import { EHOSTUNREACH } from "../../os/abi.ts";
import { isConnectedToItself, type SocketHandlers } from "../../os/connect.ts";
import { hashText } from "../../policy/balance/hash.ts";
import { sessionAddress, sessionPort } from "../relay/client-address.ts";
import type { Session, SessionSocket } from "../relay/session.ts";
import { atPort } from "./at-port.ts";
import { Greeting } from "./greeting.ts";
import { FULL, type Pool } from "./pool.ts";

export class Attempt {
  /** Addresses of the backend that were tried. */
  endpointsTried = 0;
  /** When the connect under way began, by this thread's clock. */
  startedAtMs = 0;
  /** The backend has no port of its own. */
  isAtClientsPort = false;
  private readonly session: Session;
  /** Where the connect under way goes. */
  private target: Endpoint | null = null;
  /** Null: the backend gets none. */
  private greeting: Greeting | null = null;
  /** The hash of the client's address; 0: not worked out yet. */
  private key = 0;

  constructor(session: Session) {
    this.session = session;
  }

  /** Picks a backend, not one of `tried`, and takes a place on it. Returns its slot, or what `Pool.pick`
   *  returns where there is none. */
  begin(pool: Pool, tried: readonly number[]): number {
    const slot = this.take(pool, tried);
    if (slot < 0) return slot;
    const proxy = pool.proxyProtocol(slot);
    this.greeting = proxy.version === "off" ? null : new Greeting(this.session, proxy);
    this.endpointsTried = 0;
    return slot;
  }

  /** Begins a connect. Returns 0, or the errno. */
  connect(pool: Pool, handlers: SocketHandlers<Session>, nowMs: number): number {
    const { session } = this;
    const endpoint = this.endpointIn(pool);
    this.target = endpoint;
    this.startedAtMs = nowMs;
    // It lost its addresses since it was picked.
    if (endpoint === null) return EHOSTUNREACH;
    const { trace, thread } = session;
    if (trace !== null) trace.attempts = (trace.attempts ?? 0) + 1;
    return thread.connect({
      endpoint,
      handlers,
      data: session,
      isSpeakingFirst: session.up.pendingBytes > 0 || this.greeting !== null,
      userTimeoutMs: session.limits.userMs,
      sources: pool.sources,
      receiveBytes: thread.budget.boundReceive(session.down),
    });
  }

  /** The connect completed. Returns why it has failed nevertheless; null: it has not. */
  greet(socket: SessionSocket): string | null {
    if (this.target !== null && isConnectedToItself(socket, this.target)) return "ECONNREFUSED";
    const header = this.greeting?.bytes() ?? null;
    // Its send buffer is empty and takes a header whole, unless the backend is gone again.
    return header !== null && socket.write(header) < header.length ? "ECONNRESET" : null;
  }

  /** The connect failed. Has the backend a further address? */
  isFurther(pool: Pool): boolean {
    return ++this.endpointsTried < pool.countEndpoints(this.session.slot);
  }

  // The place is taken first and looked at then: over all threads there are never too many.
  private take(pool: Pool, tried: readonly number[]): number {
    const { session } = this;
    if (pool.isHashed && this.key === 0) this.key = hashText(sessionAddress(session));
    const full: number[] = [];
    for (;;) {
      const slot = pool.pick(full.length === 0 ? tried : [...tried, ...full], this.key);
      if (slot < 0) return full.length === 0 ? slot : FULL;
      session.takeBackend(slot);
      if (!pool.isOver(slot)) return slot;
      session.releaseBackend();
      full.push(slot);
    }
  }

  private endpointIn(pool: Pool): Endpoint | null {
    const { session } = this;
    const endpoint = pool.endpoint(session.slot, this.endpointsTried) ?? null;
    this.isAtClientsPort = false;
    if (endpoint === null || endpoint.family === "unix" || endpoint.port > 0) return endpoint;
    this.isAtClientsPort = true;
    return atPort(endpoint, sessionPort(session));
  }
}
