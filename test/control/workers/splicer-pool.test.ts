// The splicers on real sockets, and what becomes of a splicer's sessions when its thread ends.
import { expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { SplicerPool } from "../../../src/control/workers/splicer-pool.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { monotonicOffsetMs } from "../../../src/os/monotonic.ts";
import { duplicate } from "../../../src/os/socket.ts";
import { openPipe } from "../../../src/os/splice.ts";
import { Board } from "../../../src/shared/board.ts";
import { splicerRow } from "../../../src/shared/board-layout.ts";
import { END_INDEX } from "../../../src/shared/end-reason.ts";
import type { SplicedSession } from "../../../src/shared/worker-messages.ts";
import { sessionLimits } from "../../support/generation.ts";
import { Peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, type Wire } from "../../support/wire.ts";

const onLinux = test.skipIf(!isLinux); // Splicing is Linux's.
const ROW = splicerRow(0);

/** A connection whose far end is given away: the wire, and a descriptor of the other side. */
async function half(): Promise<{ wire: Wire; fd: number }> {
  const accepted = Promise.withResolvers<Wire>();
  using listener = new Peer((wire) => accepted.resolve(wire));
  const wire = await connect(listener.port);
  const { socket } = await accepted.promise;
  const fd = duplicate((socket as unknown as { fd: number }).fd);
  socket!.end();
  return { wire, fd };
}

async function splicedSession(board: Board) {
  const [client, backend] = [await half(), await half()];
  const pipes = { up: openPipe(65536, 4096)!, down: openPipe(65536, 4096)! };
  const rows = { listener: 0, slot: 0 };
  board.enterSession(0, 10);
  board.openSession(0, 0);
  board.takeBackend(0, 0);
  board.handOver(0, ROW, rows);
  const session: SplicedSession = {
    ...{ client: client.fd, backend: backend.fd, ...pipes, ...rows },
    limits: sessionLimits(),
    clientCell: -1,
    peer: { remoteAddress: "127.0.0.1", remotePort: 1 },
    snapshot: { idPrefix: "0", number: 1, bytesUp: 0, bytesDown: 0, sni: null },
    trace: null,
    startedAtMs: monotonicOffsetMs() + performance.now(),
    endAtMs: Number.POSITIVE_INFINITY,
  };
  return { session, links: linksOf([session]), client: client.wire, backend: backend.wire };
}

/** What the descriptors of sessions are: `socket:[1234]`. A number may be another's by now. */
function linksOf(sessions: readonly SplicedSession[]): string[] {
  return sessions
    .flatMap(({ client, backend, up, down }) => [
      client,
      backend,
      ...Object.values(up),
      ...Object.values(down),
    ])
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
}

function watched(board: Board) {
  const lost: string[] = [];
  const resumed: number[] = [];
  const faults: string[] = [];
  const splicers = new SplicerPool({
    board,
    onLost: (worker, reason) => lost.push(`${worker}: ${reason}`),
    onResumed: (worker) => resumed.push(worker),
    onAnswer: () => {},
    onAccess: () => {},
    onAbandon: () => {},
    onFault: (_, message) => faults.push(message),
  });
  return { splicers, lost, resumed, faults };
}

function threadOf(splicers: SplicerPool): Worker {
  const inside = splicers as unknown as { splicers: Map<number, { thread: Worker }> };
  return inside.splicers.get(0)!.thread;
}

onLinux(
  "a session moves on in a splicer and is counted there until both have finished",
  async () => {
    const board = new Board();
    const { splicers, faults } = watched(board);
    const { session, client, backend } = await splicedSession(board);
    splicers.take(0, session);
    await client.send("up");
    expect(await backend.read(2)).toBe("up");
    await backend.send("down");
    expect(await client.read(4)).toBe("down");
    expect([board.sessions(), board.threadSessions(ROW), board.backendSessions(0)]).toEqual([
      1, 1, 1,
    ]);
    client.finish();
    backend.finish();
    expect(await Promise.all([client.closed, backend.closed])).toEqual(["eof", "eof"]);
    await until("its rows are empty", () => board.sessions() + board.backendSessions(0) === 0);
    expect([board.backendTotal(0, "bytesUp"), board.backendTotal(0, "bytesDown")]).toEqual([2, 4]);
    expect(faults).toEqual([]);
    splicers.terminate();
  },
);

onLinux(
  "a splicer that ends resets its sessions, leaves nothing open and is replaced",
  async () => {
    const board = new Board();
    const { splicers, lost, resumed } = watched(board);
    const first = await splicedSession(board);
    splicers.take(0, first.session);
    await first.client.send("x");
    await first.backend.read(1);
    threadOf(splicers).terminate();
    expect(await Promise.all([first.client.closed, first.backend.closed])).toEqual([
      "reset",
      "reset",
    ]);
    expect(lost).toHaveLength(1);
    expect([board.sessions(), board.listenerSessions(0), board.backendSessions(0)]).toEqual([
      0, 0, 0,
    ]);
    expect(board.ended(0, END_INDEX.fault)).toBe(1);
    const open = linksOf([first.session]);
    expect(open.filter((link) => first.links.includes(link))).toEqual([]);
    await until("it may be started again", () => resumed.length === 1 && !splicers.isPaused);
    const next = await splicedSession(board);
    splicers.take(0, next.session);
    await next.client.send("y");
    expect(await next.backend.read(1)).toBe("y");
    splicers.terminate();
  },
);
