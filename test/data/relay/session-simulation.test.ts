// A seeded simulation of sessions over fake sockets: partial writes, stalls, resets and FINs in every
// order, full pools, backends that go down, restart and come back, reloads in mid-dial. After each step the
// promises of the relay are checked; a failure prints its seed.
import { afterAll, expect, spyOn, test } from "bun:test";
import { ipRanges } from "../../../src/base/ip-ranges.ts";
import { AdmissionControl } from "../../../src/data/accept/admission-control.ts";
import type { ListenerContext } from "../../../src/data/accept/listener-context.ts";
import { Preread } from "../../../src/data/accept/preread.ts";
import { AccessBatch } from "../../../src/data/access-log/access-batch.ts";
import { beginTrace } from "../../../src/data/access-log/access-record.ts";
import { Dial } from "../../../src/data/dial/dial.ts";
import type { Pool } from "../../../src/data/dial/pool.ts";
import { BufferBudget } from "../../../src/data/relay/buffer-budget.ts";
import { clientHandlers } from "../../../src/data/relay/client-handlers.ts";
import { DeliveryWatch } from "../../../src/data/relay/delivery-watch.ts";
import { Pipe } from "../../../src/data/relay/pipe.ts";
import { Session } from "../../../src/data/relay/session.ts";
import type { WorkerContext } from "../../../src/data/relay/worker-context.ts";
import { AddressSet } from "../../../src/policy/admission/address-set.ts";
import { Board } from "../../../src/shared/board.ts";
import { END_INDEX, ENDS } from "../../../src/shared/end-reason.ts";
import { hello } from "../../policy/tls/hello.ts";
import { sessionLimits } from "../../support/generation.ts";
import { FakeSocket, type Peer, peerOn } from "./fake-socket.ts";
import { PoolsUnderTest } from "./pools-under-test.ts";
import { random } from "./seeded-random.ts";

const ROUNDS = 3000;
const MAX_CHUNK = 60;
const HEADER = Array.from(Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"));
const HELLO = Array.from(hello({}));
const board = new Board();
/** Time goes on by steps. */
let nowMs = 0;
const clock = spyOn(performance, "now").mockImplementation(() => nowMs);
afterAll(() => clock.mockRestore());

const unsentBytes = (socket: unknown) => (socket as FakeSocket).unsentBytes;

class World {
  readonly random: () => number;
  readonly thread: WorkerContext;
  readonly client: Peer;
  readonly backends: Peer[] = [];
  readonly session: Session;
  readonly pools: PoolsUnderTest;
  /** What a client has to send first, that no backend gets. */
  private header: number[] = [];
  /** And what it has to send then. */
  private greeting: number[] = [];
  private counter = 0;
  /** Why sessions have ended, by the access log. */
  readonly logged: string[] = [];
  readonly log = new AccessBatch(
    { mode: "all", file: null, format: "text", fields: ["reason"] },
    ({ text }) => this.logged.push(text),
  );

  constructor(seed: number) {
    this.random = random(seed);
    nowMs = 0;
    this.thread = {
      worker: 0,
      board,
      sessions: new Set(),
      idPrefix: "0",
      lastSession: 0,
      pending: new Set(),
      budget: new BufferBudget(board, 0),
      post: () => {},
      watchPending: () => {},
      paused: new Set(),
      queues: new Set(),
      watchQueues: () => {},
      reportLocalError: () => {},
      reportBadPreread: () => {},
      onSessionEnd: () => {},
      access: this.log,
      placeOf: () => ({ listener: null, pool: null, backend: null }),
      spliceAfterBytes: Number.POSITIVE_INFINITY,
      promote: () => {},
      unsentBytes,
      deliveries: new DeliveryWatch(unsentBytes),
      connect: (options) => {
        this.pools.checkDial(this.session);
        if (this.random() < 0.1) return 99;
        const socket = new FakeSocket(options.handlers as never);
        socket.data = options.data;
        this.backends.push(peerOn(socket));
        options.handlers.open(socket as never);
        return 0;
      },
    };
    this.pools = new PoolsUnderTest(board, this.random);
    const origin = {
      listener: 0,
      name: "l",
      poolName: "p",
      poolOf: () => this.pools.current,
      limits: sessionLimits({ connectMs: 300, connectTotalMs: 900 }),
    };
    const socket = new FakeSocket(clientHandlers as never);
    this.client = peerOn(socket);
    board.enterSession(0, 10);
    board.openSession(0, 0);
    const up = new Pipe(this.thread.budget, 0);
    const down = new Pipe(this.thread.budget, 0);
    const { limits } = origin;
    const endAtMs = Number.POSITIVE_INFINITY;
    const client = socket as never;
    const parts = {
      listener: 0,
      limits,
      client,
      up,
      down,
      endAtMs,
      clientCell: -1,
      startedAtMs: 0,
      before: null,
      trace: beginTrace(origin, client),
    };
    this.session = new Session(this.thread, parts);
    socket.data = this.session;
    this.session.start(this.firstStep(origin, this.pools.current, up), null);
  }

  private firstStep(origin: ListenerContext, pool: Pool, up: Pipe): Preread | Dial {
    if (this.random() < 0.5) return new Dial(this.session, { origin, pool, nowMs });
    const [isProxied, hasRoutes] = [this.random() < 0.7, this.random() < 0.7];
    if (isProxied) this.header = [...HEADER];
    if (hasRoutes) this.greeting = [...HELLO];
    const trusted = new AddressSet(ipRanges(["127.0.0.1/32"]));
    const rules = { proxy: isProxied ? { trusted, isOptional: false } : null, hasRoutes };
    const admission = new AdmissionControl(this.thread, 0);
    return new Preread(this.session, { rules, origin, admission, up, nowMs });
  }

  get backend(): Peer | undefined {
    return this.backends.at(-1);
  }

  /** The client waits for a backend to come up. */
  get isInRoom(): boolean {
    return this.thread.queues.has(this.pools.current.room);
  }

  step(): void {
    nowMs += Math.floor(this.random() * 60);
    this.sweep();
    if (this.random() < 0.03) this.pools.freePlaces();
    if (this.random() < 0.02) this.pools.reload();
    if (this.random() < 0.05) this.pools.check();
    const peer = this.random() < 0.5 ? this.client : this.backend;
    if (peer === undefined) return;
    const isDialing = this.session.step !== null;
    if (peer !== this.client && isDialing) return this.connectStep(peer);
    const dice = this.random();
    if (dice < 0.35) this.send(peer);
    else if (dice < 0.6) peer.socket.poll();
    else if (dice < 0.85) peer.socket.peerReads(Math.floor(this.random() * 40));
    else if (dice < 0.93) this.finish(peer);
    else if (dice < 0.94) this.reset(peer, () => peer.socket.peerResets());
    else if (dice < 0.945) this.reset(peer, () => peer.socket.peerBreaks());
    else if (dice < 0.96) this.pass();
  }

  /** Time passes. */
  private pass(): void {
    this.thread.deliveries.look(Number.POSITIVE_INFINITY);
    for (const pipe of [this.session.up, this.session.down] as Pipe[]) {
      if (pipe.state === "dead") pipe.resume();
    }
  }

  /** Everybody reads, sends FIN and waits: a live session must come to its end. */
  settle(): void {
    this.pools.freePlaces();
    this.pools.heal();
    for (let i = 0; i < 400 && this.session.phase !== "ended"; i++) {
      this.pass();
      nowMs += 20;
      this.sweep();
      if (this.session.phase === "dialing" && this.session.slot >= 0) {
        this.backend?.socket.peerReads(1000);
        continue;
      }
      for (const peer of [this.client, this.backend]) {
        if (peer === undefined) continue;
        if (i > 3) this.finish(peer);
        // No write came by that would have told.
        if (i > 3 && peer.hasReset) peer.socket.peerResets();
        peer.socket.peerReads(1000);
        peer.socket.poll();
      }
    }
  }

  /** What a thread does from time to time: deadlines, queues. */
  private sweep(): void {
    const { step, thread } = this.session;
    if (step !== null && nowMs >= step.deadlineMs) step.deadlinePassed();
    for (const queue of thread.queues) queue.serve();
  }

  check(): void {
    const { client, backend, session } = this;
    this.checkPhase(session);
    if (backend === undefined) return;
    this.checkDirection(client, backend);
    this.checkDirection(backend, client);
  }

  /** What src/data/relay/session.ts says of its phases. */
  private checkPhase({ phase, step, slot, up, down }: Session): void {
    expect(step !== null).toBe(["preread", "queued", "dialing"].includes(phase));
    if (phase === "queued" || phase === "preread" || phase === "ended") expect(slot).toBe(-1);
    if (phase === "relaying" || phase === "half_closed")
      expect(phase === "half_closed").toBe(up.hasEnded || down.hasEnded);
  }

  private checkDirection(from: Peer, to: Peer): void {
    // Backpressure: no more than one read is held. (Upwards, early data may come on top.)
    if (from !== this.client && !from.hasReset) {
      expect(this.session.down.pendingBytes).toBeLessThanOrEqual(MAX_CHUNK);
    }
    const got = to.socket.received;
    expect(got).toEqual(from.sent.slice(0, got.length));
    if (to.socket.ending !== "fin") return;
    // A clean end is the whole stream, and its sender did end it.
    expect(got.length).toBe(from.sent.length);
    expect(from.hasFinished).toBe(true);
  }

  /** At the end: what was sent before a break has come, unless the other side broke as well. */
  checkLastWords(): void {
    const { client, backend } = this;
    if (backend === undefined) return;
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      if (!from.wasRelayed || to.hasReset) continue;
      to.socket.peerReads(1000);
      expect(to.socket.ending).not.toBe("open");
      expect(to.socket.received).toEqual(from.sent);
    }
  }

  private connectStep(peer: Peer): void {
    const dice = this.random();
    if (dice < 0.5) peer.socket.peerReads(20);
    else if (dice < 0.6) peer.socket.peerResets();
    else if (dice < 0.8) peer.socket.peerResets("ECONNREFUSED");
  }

  private send(peer: Peer): void {
    if (peer.hasFinished || peer.hasReset) return;
    const length = 1 + Math.floor(this.random() * MAX_CHUNK);
    const isClient = peer === this.client;
    const header = isClient ? this.header.splice(0, length) : [];
    const greeting = isClient ? this.greeting.splice(0, length - header.length) : [];
    const rest = Array.from(
      { length: length - header.length - greeting.length },
      () => this.counter++ & 0xff,
    );
    peer.sent.push(...greeting, ...rest);
    peer.socket.peerSends(Uint8Array.from([...header, ...greeting, ...rest]));
  }

  private finish(peer: Peer): void {
    if (peer.hasReset || peer.hasFinished) return;
    peer.hasFinished = true;
    peer.socket.peerFinishes();
  }

  private reset(peer: Peer, how: () => void): void {
    if (peer.hasReset) return;
    peer.hasReset = true;
    peer.wasRelayed = this.session.isRelaying;
    how();
  }
}

function rounds(): readonly number[] {
  const fixed = Number(process.env.BAL_SIMULATION_SEED ?? "0");
  if (fixed > 0) return [fixed];
  // One half is the same each time and reaches every end, also the rare ones; the other half is new.
  const known = Array.from({ length: ROUNDS / 2 }, (_, i) => 1 + i);
  const first = Math.floor(Math.random() * 2 ** 31);
  return [...known, ...known.map((i) => first + i)];
}

test("keeps the promises of the relay in any order of events", () => {
  const reasons = new Set<string>();
  let pauses = 0;
  let waits = 0;
  for (const seed of rounds()) {
    const before = ENDS.map((end) => board.ended(0, END_INDEX[end]));
    try {
      const world = new World(seed);
      for (let step = 0; step < 120; step++) {
        world.step();
        world.check();
        if (world.session.phase === "dialing" && world.session.slot < 0) pauses++;
        if (world.isInRoom) waits++;
      }
      world.settle();
      world.check();
      world.checkLastWords();
      expect(world.session.phase).toBe("ended");
      world.log.flush();
      expect(world.logged).toHaveLength(1);
      expect(world.logged[0]).not.toContain("\n");
      expect(world.client.socket.isClosed).toBe(true);
      for (const { socket } of world.backends) expect(socket.isClosed).toBe(true);
      expect(board.bufferedBytes()).toBe(0);
      expect(board.sessions()).toBe(0);
      world.pools.checkEmpty();
    } catch (error) {
      throw new Error(`BAL_SIMULATION_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
    for (const [i, end] of ENDS.entries()) {
      if (board.ended(0, END_INDEX[end]) !== before[i]) reasons.add(end);
    }
  }
  if (rounds().length === 1) return;
  // The simulation reaches what it is for.
  for (const end of ["finished", "clientReset", "backendReset", "dialFailed", "clientGoneDial"]) {
    expect(reasons).toContain(end);
  }
  expect(pauses).toBeGreaterThan(0);
  expect(waits).toBeGreaterThan(0);
  expect(reasons).toContain("noBackend");
  for (const end of ["queueFull", "clientGoneQueue", "dialTimeout"]) expect(reasons).toContain(end);
  expect(reasons).toContain("clientGonePreread");
  expect(reasons).toContain("clientResetHalfClosed");
  expect(reasons).toContain("backendResetHalfClosed");
}, 60_000);
