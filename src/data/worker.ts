// Second entry point of the build: one thread of the data plane. Turns messages of the control
// plane into listeners, and keeps the thread's heartbeat.
import { SerialQueue } from "../base/serial-queue.ts";
import { connectTo } from "../os/connect.ts";
import { unsentBytes } from "../os/stream.ts";
import { Board } from "../shared/board.ts";
import type { End } from "../shared/end-reason.ts";
import type { Generation } from "../shared/generation.ts";
import { type GenerationDelta, patchGeneration } from "../shared/generation-delta.ts";
import type { FromWorker, ToWorker } from "../shared/worker-messages.ts";
import { replanned } from "./access-log/access-batch.ts";
import { noteClient } from "./access-log/access-record.ts";
import { queueWatch } from "./dial/queue.ts";
import { applyGeneration, type Served } from "./generation.ts";
import { BufferBudget } from "./relay/buffer-budget.ts";
import { clientName } from "./relay/client-address.ts";
import { DeliveryWatch } from "./relay/delivery-watch.ts";
import { memoryRelief } from "./relay/memory-relief.ts";
import type { Session } from "./relay/session.ts";
import { pendingWatch, startSweep } from "./relay/sweeps.ts";
import { answer, endSessionsAtExit, reportFaults } from "./relay/thread-messages.ts";
import { newIdPrefix, type Place, type WorkerContext } from "./relay/worker-context.ts";
import { Promotion } from "./splice/handoff.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

const served: Served = { listeners: new Map(), pools: new Map() };
let thread: WorkerContext | null = null;
let promotion: Promotion | null = null;
let generation: Generation | null = null;
const changes = new SerialQueue();

self.onmessage = ({ data: message }) => {
  switch (message.kind) {
    case "boot":
      thread = boot(message.worker, new Board(message.board));
      return post({ kind: "ready" });
    // One after the other: each may take several turns.
    case "apply":
      return void inTurn(() => apply(message.delta));
    case "drain":
      return void inTurn(drain);
    default:
      return answer(thread, message, post);
  }
};

reportFaults(post);
endSessionsAtExit(() => thread);

function boot(worker: number, board: Board): WorkerContext {
  const pending = new Set<Session>();
  const queues: WorkerContext["queues"] = new Set();
  const promoted = new Promotion(board, worker, post);
  promotion = promoted;
  const booted: WorkerContext = {
    worker,
    board,
    sessions: new Set(),
    idPrefix: newIdPrefix(worker),
    lastSession: 0,
    pending,
    budget: new BufferBudget(board, worker),
    connect: connectTo,
    post,
    reportLocalError: onceASecond((slot: number, error: string) =>
      post({ kind: "local-error", slot, error }),
    ),
    reportBadPreread: onceASecond((session: Session, end: End, detail: string) => {
      const { listener } = session;
      post({ kind: "bad-preread", listener, end, client: clientName(session), detail });
    }),
    watchPending: pendingWatch(pending),
    paused: new Set(),
    queues,
    watchQueues: queueWatch(queues),
    access: null,
    placeOf,
    unsentBytes,
    deliveries: new DeliveryWatch(unsentBytes),
    spliceAfterBytes: Number.POSITIVE_INFINITY,
    promote: (session) => promoted.promote(session),
    onSessionEnd: () => {
      for (const queue of queues) queue.serve();
      if (booted.paused.size > 0) resumeListeners(booted);
    },
  };
  booted.budget.onOver = memoryRelief(booted);
  board.beat(worker);
  startSweep(booted, () => {
    board.beat(worker);
    resumeListeners(booted);
  });
  return booted;
}

// The first of each second: under pressure there are thousands.
function onceASecond<T extends unknown[]>(report: (...what: T) => void): (...what: T) => void {
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  return (...what) => {
    const nowMs = performance.now();
    if (nowMs - reportedAtMs < 1000) return;
    reportedAtMs = nowMs;
    report(...what);
  };
}

// Unlike the queue's own promise, the one of this function is a fault when it is rejected.
async function inTurn(change: () => Promise<void>): Promise<void> {
  await changes.run(change);
}

async function apply(delta: GenerationDelta): Promise<void> {
  if (thread === null || promotion === null) return;
  const before = generation;
  generation = patchGeneration(before, delta);
  promotion.limit = generation.splice.maxSessions;
  const wasLogging = thread.access !== null;
  thread.access = replanned(thread.access, generation.access, post);
  if (!wasLogging && thread.access !== null) for (const one of thread.sessions) noteClient(one);
  const { revision } = generation;
  const errors = await applyGeneration(served, { before, next: generation }, thread);
  post({ kind: "applied", revision, error: errors.length === 0 ? null : errors.join("; ") });
}

async function drain(): Promise<void> {
  for (const listener of served.listeners.values()) listener.close();
  served.listeners.clear();
}

function placeOf(listener: number, slot: number): Place {
  const pool = [...served.pools.values()].find((one) => one.nameOf(slot) !== null);
  return {
    listener: served.listeners.get(listener)?.origin.name ?? null,
    pool: pool?.name ?? null,
    backend: pool?.nameOf(slot) ?? null,
  };
}

function resumeListeners({ paused }: WorkerContext): void {
  // One that fails to listen is back in the set at once.
  for (const listener of [...paused]) listener.resumeWhenRoom();
}

function post(message: FromWorker): void {
  self.postMessage(message);
}
