// Worker threads that end: nobody is refused, their counts go with them, and they come back.
import { expect, test } from "bun:test";
import type { AccessConfig } from "../../../src/config/config.ts";
import { ListeningSockets } from "../../../src/control/listeners/listening-sockets.ts";
import { lostSessionLog } from "../../../src/control/workers/lost-sessions.ts";
import {
  type GenerationPlan,
  WorkerPool,
  type WorkerPoolEvents,
  type WorkerPoolOptions,
} from "../../../src/control/workers/worker-pool.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { Board } from "../../../src/shared/board.ts";
import { END_INDEX } from "../../../src/shared/end-reason.ts";
import { backendOf, listenerOf, poolOf, tcp } from "../../support/generation.ts";
import { echoPeer, namedPeer, type Peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

const MISSING_FD = 900_000;
const accessLog: AccessConfig = {
  ...{ mode: "errors", format: "text", file: null },
  fields: ["listener", "client", "bytes_up", "end", "reason"],
};

const onLinux = test.skipIf(!isLinux);

class CrewUnderTest implements AsyncDisposable {
  readonly board = new Board();
  readonly port = freePort();
  private readonly address = tcp(this.port);
  /** Sockets that it is lent are none. */
  lendsNothing = false;
  readonly lost: string[] = [];
  /** Lines of the access log of lost sessions. */
  readonly lines: string[] = [];
  readonly replaced: number[] = [];
  readonly applied: (readonly string[])[] = [];
  readonly crew: WorkerPool;
  private readonly sockets: ListeningSockets;
  private readonly abandoned: (row: number) => void;

  constructor(workers: number) {
    this.sockets = new ListeningSockets(workers);
    this.abandoned = lostSessionLog({
      board: this.board,
      config: () => accessLog,
      nameOf: (listener) => `listener ${listener}`,
      post: ({ text }) => this.lines.push(...text.split("\n")),
    });
    const events: WorkerPoolEvents = {
      onMessage: () => {},
      onAbandon: (worker) => this.abandoned(worker),
      onHung: () => {},
      onLost: (_, reason) => this.lost.push(reason),
      onReplaced: (worker) => this.replaced.push(worker),
      onApplied: (errors) => this.applied.push(errors),
    };
    // A number that is no descriptor can't be adopted.
    const assignSockets: WorkerPoolOptions["assignSockets"] = ({ address }, of) =>
      this.lendsNothing ? [MISSING_FD] : this.sockets.assignSockets(address, of);
    this.crew = new WorkerPool({ board: this.board, count: workers, assignSockets, events });
  }

  async start(backend: Peer): Promise<void> {
    this.sockets.openAll([{ address: this.address }]);
    await this.crew.start();
    expect(await this.crew.apply(this.plan(backend.port))).toEqual([]);
  }

  async applyAgain(backend: Peer): Promise<void> {
    expect(await this.crew.apply(this.plan(backend.port))).toEqual([]);
  }

  /** Ends a thread as a crash would. */
  kill(worker: number): void {
    const { handles } = this.crew as unknown as {
      handles: ({ terminate(why: string): void } | null)[];
    };
    handles[worker]?.terminate("killed by the test");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.crew.terminate();
    this.sockets.keepOnly([]);
  }

  private plan(port: number): GenerationPlan {
    const endpoints = [{ family: 4 as const, ip: "127.0.0.1", port }];
    return {
      listeners: [listenerOf(this.address)],
      pools: [poolOf([backendOf(0, { endpoints })])],
      maxConnections: 1000,
      overload: "reject",
      maxBufferedBytes: 1e9,
      access: null,
      splice: { afterBytes: Number.POSITIVE_INFINITY, maxSessions: 0 },
    };
  }
}

onLinux(
  "a worker that ends is replaced, and no client is refused meanwhile",
  async () => {
    using backend = namedPeer("one");
    await using under = new CrewUnderTest(2);
    await under.start(backend);
    let served = 0;
    let isOver = false;
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        // Refused would throw; cut inside the dying thread is an end without the answer.
        const { text } = await exchange(under.port, "hello");
        if (text !== "") served++;
      }
    });
    for (let round = 0; round < 3; round++) {
      const servedBefore = served;
      under.kill(round % 2);
      await until(
        "lost, and serving on",
        () => under.lost.length === round + 1 && served > servedBefore + 20,
      );
    }
    await until("all are back", () => under.replaced.length === 3);
    isOver = true;
    await Promise.all(clients);
    expect(under.lost).toEqual(Array(3).fill("killed by the test"));
  },
  30_000,
);

onLinux("what a lost worker counted as active is gone, its totals stay", async () => {
  using backend = namedPeer("one");
  await using under = new CrewUnderTest(1);
  await under.start(backend);
  using _client = await connect(under.port);
  await until(
    "relaying",
    () => under.board.sessions() === 1 && under.board.backendTotal(0, "connections") === 1,
  );
  under.kill(0);
  await until("replaced", () => under.replaced.length === 1);
  expect({
    sessions: under.board.sessions(),
    backend: under.board.backendSessions(0),
    listener: under.board.listenerSessions(0),
    total: under.board.backendTotal(0, "connections"),
  }).toEqual({ sessions: 0, backend: 0, listener: 0, total: 1 });
  expect((await exchange(under.port, "hello")).text).toContain("one");
});

onLinux(
  "sessions of a lost worker end with a reset on both sides, are counted and logged",
  async () => {
    using backend = echoPeer();
    await using under = new CrewUnderTest(1);
    await under.start(backend);
    using client = await connect(under.port);
    using other = await connect(under.port);
    await client.send("ping");
    expect(await client.read(4)).toBe("ping");
    await other.send("x");
    expect(await other.read(1)).toBe("x");
    const ends = [...backend.wires].map((wire) => wire.closed);
    const names = [client, other].map(({ socket }) => `127.0.0.1:${socket!.localPort}`);
    under.kill(0);
    expect(await Promise.all([client.closed, other.closed])).toEqual(["reset", "reset"]);
    expect(await Promise.all(ends)).toEqual(["reset", "reset"]);
    await until("replaced", () => under.replaced.length === 1);
    expect(under.board.ended(0, END_INDEX.fault)).toBe(2);
    expect(under.lines.toSorted()).toEqual(
      names.map((name) => `listener\\x200 ${name} - PR fault`).toSorted(),
    );
    expect(under.board.descriptors.of(0)).toEqual([]);
  },
);

onLinux("the board knows a session's descriptors just as long as they are open", async () => {
  using backend = echoPeer();
  await using under = new CrewUnderTest(1);
  await under.start(backend);
  using client = await connect(under.port);
  await client.send("ping");
  expect(await client.read(4)).toBe("ping");
  expect(under.board.descriptors.of(0)).toHaveLength(2);
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: "ping" });
  await until("none is left", () => under.board.descriptors.of(0).length === 0);
});

onLinux("a replacement that can't listen is announced when it can", async () => {
  using backend = namedPeer("one");
  await using under = new CrewUnderTest(1);
  await under.start(backend);
  under.lendsNothing = true;
  under.kill(0);
  await until("it was told", () => under.applied.at(-1)?.length === 1);
  expect(under.replaced).toEqual([]);
  under.lendsNothing = false;
  await under.applyAgain(backend);
  expect(under.replaced).toEqual([0]);
  expect((await exchange(under.port, "hello")).text).toContain("one");
});
