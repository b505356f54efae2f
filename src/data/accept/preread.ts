// The bytes that are read of a client before a backend is picked: the PROXY header of a peer in front, then the
// ClientHello that routes go by. Only listeners that ask for one of them have it, so that protocols in
// which the server speaks first never wait here.
//
// The bytes stay in the session's pipe, where all of a client's early bytes are kept: the header is taken
// off, the rest is the backend's.
import { printable, printableList } from "../../base/printable.ts";
import type { AddressSet } from "../../policy/admission/address-set.ts";
import { parseHeader } from "../../policy/proxy-protocol/parse.ts";
import { NO_HELLO, parseClientHello } from "../../policy/tls/client-hello.ts";
import type { End } from "../../shared/end-reason.ts";
import { Dial } from "../dial/dial.ts";
import { clientAddress, sessionAddress } from "../relay/client-address.ts";
import type { Pipe } from "../relay/pipe.ts";
import type { Step } from "../relay/relay-types.ts";
import { lookAgain } from "../relay/second-look.ts";
import type { Session } from "../relay/session.ts";
import type { AdmissionControl } from "./admission-control.ts";
import type { ListenerContext } from "./listener-context.ts";

/** The parts that a listener reads. */
export type PrereadRules = {
  /** Null: no PROXY header. */
  readonly proxy: {
    readonly trusted: Pick<AddressSet, "has">;
    readonly isOptional: boolean;
  } | null;
  readonly hasRoutes: boolean;
};

type PrereadParts = {
  readonly rules: PrereadRules;
  readonly origin: ListenerContext;
  readonly admission: AdmissionControl;
  /** client → backend */
  readonly up: Pipe;
  readonly nowMs: number;
};

export class Preread implements Step {
  /** By this thread's clock. */
  readonly deadlineMs: number;
  private readonly session: Session;
  private readonly parts: PrereadParts;
  private awaits: "header" | "place" | "hello";
  /** Further looks at a limit that its client has reached. */
  private looks = 0;
  /** With fewer bytes there is nothing new to see. */
  private leastBytes = 1;

  constructor(session: Session, parts: PrereadParts) {
    this.session = session;
    this.parts = parts;
    this.awaits = parts.rules.proxy === null ? "hello" : "header";
    this.deadlineMs = parts.nowMs + session.limits.prereadMs;
    session.enter(this, "preread");
  }

  go(): void {
    this.received();
  }

  /** It holds nothing. */
  leave(): void {}

  // A client that waits for the server to speak first says nothing: it is no TLS client.
  deadlinePassed(): void {
    const { up, rules } = this.parts;
    const isSilent = this.awaits === "hello" && rules.hasRoutes && up.pendingBytes === 0;
    if (isSilent && this.takesPlain()) this.dial();
    else this.session.end("prereadTimeout");
  }

  received(): void {
    const { up } = this.parts;
    if (up.pendingBytes < this.leastBytes) return;
    if (this.awaits === "header" && !this.readHeader()) return;
    if (this.awaits === "hello") this.goOn();
  }

  private goOn(): void {
    if (!this.parts.rules.hasRoutes || this.readHello()) this.dial();
  }

  /** Returns whether there is no more to wait for. */
  private readHeader(): boolean {
    const { session } = this;
    const { rules, up } = this.parts;
    const { proxy } = rules;
    if (proxy === null) return true;
    const verdict = parseHeader(up.peek());
    switch (verdict.kind) {
      case "need-more":
        this.leastBytes = verdict.bytes;
        return false;
      case "invalid":
        return this.refuse("badProxyHeader", verdict.reason);
      case "absent":
        if (!proxy.isOptional) return this.refuse("badProxyHeader", "there is no PROXY header");
        // Any other peer was checked when it was accepted.
        if (!proxy.trusted.has(clientAddress(session.client))) return this.awaitHello();
        break;
      case "found":
        if (!proxy.trusted.has(clientAddress(session.client)))
          return this.refuse("untrustedProxyHeader", "its address is not in `trusted`");
        session.announced = verdict.route;
        up.skip(verdict.length);
        break;
      default:
        return verdict satisfies never;
    }
    return this.isAdmitted();
  }

  private awaitHello(): true {
    this.awaits = "hello";
    this.leastBytes = 1;
    return true;
  }

  // By the address that was announced; the peer's own was not looked at before.
  private isAdmitted(): boolean {
    const { session } = this;
    const { admission } = this.parts;
    const address = sessionAddress(session);
    const cell = admission.isDenied(address) ? "denied" : admission.enterClient(address);
    if (typeof cell === "string") {
      if (cell !== "limitClient" || !this.isLookedAtAgain()) session.end(cell);
      return false;
    }
    session.clientCell = cell;
    return this.awaitHello();
  }

  private isLookedAtAgain(): boolean {
    const { session } = this;
    this.awaits = "place";
    // Its header is read: a FIN that comes meanwhile ends its stream, and not its session.
    session.enter(this, "queued");
    return lookAgain(this.looks++, () => {
      if (session.step !== this || !this.isAdmitted()) return;
      session.enter(this, "preread");
      this.goOn();
      if (session.phase === "preread" && session.up.hasEnded) session.end("clientGonePreread");
    });
  }

  private readHello(): boolean {
    const { up } = this.parts;
    const verdict = parseClientHello(up.peek());
    switch (verdict.kind) {
      case "need-more":
        this.leastBytes = verdict.bytes;
        return false;
      case "no-tls":
        return this.takesPlain() || this.refuse("badClientHello", verdict.reason);
      case "invalid":
        return this.refuse("badClientHello", verdict.reason);
      case "found":
        this.session.hello = verdict.hello;
        return true;
      default:
        return verdict satisfies never;
    }
  }

  /** Is there a route for clients that speak no TLS? Then this is one of them. */
  private takesPlain(): boolean {
    if (this.parts.origin.poolOf(NO_HELLO) === null) return false;
    this.session.hello = NO_HELLO;
    return true;
  }

  private dial(): void {
    const { session } = this;
    const { origin } = this.parts;
    const pool = origin.poolOf(session.hello);
    if (pool === null) {
      this.refuse("noRoute", `there is no route for ${asked(session)}`);
      return;
    }
    new Dial(session, { origin, pool, nowMs: performance.now() }).go();
  }

  private refuse(end: End, detail: string): false {
    const { session } = this;
    session.thread.reportBadPreread(session, end, detail);
    session.end(end);
    return false;
  }
}

/** As long as a server name may be. */
const MAX_SNI = 255;

function asked({ hello }: Session): string {
  if (hello === NO_HELLO) return "a client that does not speak TLS";
  const sni = hello?.sni ?? null;
  const name = sni === null ? "a client without a server name" : printable(sni, MAX_SNI);
  const protocols = hello?.alpn ?? [];
  return protocols.length === 0 ? name : `${name} (${printableList(protocols)})`;
}
