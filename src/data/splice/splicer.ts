// Third entry point of the build: a thread that moves the bytes of bulk sessions in the kernel.
// Each worker has one, from its first bulk session on. It accepts and dials nothing.
import { Epoll, FAILED, READABLE, URGENT, WRITABLE } from "../../os/epoll.ts";
import { monotonicOffsetMs } from "../../os/monotonic.ts";
import { closePipe, type KernelPipe } from "../../os/splice.ts";
import { takeError, unsentBytes } from "../../os/stream.ts";
import { clearWake } from "../../os/waker.ts";
import { Board } from "../../shared/board.ts";
import type { FromSplicer, SplicedSession, ToSplicer } from "../../shared/worker-messages.ts";
import { BATCH_MS, replanned } from "../access-log/access-batch.ts";
import { BufferBudget } from "../relay/buffer-budget.ts";
import { DeliveryWatch, LOOK_MS } from "../relay/delivery-watch.ts";
import { DROP_PAUSE_MS } from "../relay/pipe.ts";
import { Session } from "../relay/session.ts";
import { startSweep } from "../relay/sweeps.ts";
import { broke, finished } from "../relay/teardown.ts";
import { answer, endSessionsAtExit, reportFaults } from "../relay/thread-messages.ts";
import { newIdPrefix, type WorkerContext } from "../relay/worker-context.ts";
import { SplicePipe } from "./splice-pipe.ts";
import { SplicedSocket } from "./spliced-socket.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToSplicer>) => void) | null;
  postMessage(message: FromSplicer): void;
};

/** How long it sleeps at most: the sweep and the heartbeat come once a second. */
const MAX_SLEEP_MS = 1000;
/** Token of the eventfd by which the control plane says that there is a message. */
const WAKER = 0;

const epoll = new Epoll();
/** Sockets by their tokens in the epoll set. */
const sockets = new Map<number, SplicedSocket>();
/** Their turn was over before all was moved. */
const unfinished = new Set<SplicePipe>();
let thread: WorkerContext | null = null;
let wakerFd = -1;
let lastToken = WAKER;
let isTurning = false;
/** Pipes that wait for the next turn to drop what comes. */
let dropping = 0;

self.onmessage = ({ data: message }) => {
  switch (message.kind) {
    case "boot":
      thread = boot(message.row, new Board(message.board));
      wakerFd = message.waker;
      epoll.add(wakerFd, WAKER);
      return post({ kind: "ready" });
    case "splice":
      return adopt(message.session);
    case "access-plan":
      if (thread !== null) thread.access = replanned(thread.access, message.plan, post);
      return;
    default:
      return answer(thread, message, post);
  }
};

reportFaults(post);
endSessionsAtExit(() => thread);

function boot(row: number, board: Board): WorkerContext {
  const booted: WorkerContext = {
    worker: row,
    board,
    sessions: new Set(),
    idPrefix: newIdPrefix(row),
    lastSession: 0,
    pending: new Set(),
    budget: new BufferBudget(board, row),
    connect: () => {
      throw new Error("a splicer dials nothing");
    },
    post: (message) => {
      if (message.kind === "fault") post(message);
    },
    reportLocalError: () => {},
    reportBadPreread: () => {},
    watchPending: () => {},
    paused: new Set(),
    queues: new Set(),
    watchQueues: () => {},
    access: null,
    placeOf: () => ({ listener: null, pool: null, backend: null }),
    unsentBytes,
    deliveries: new DeliveryWatch(unsentBytes),
    spliceAfterBytes: Number.POSITIVE_INFINITY,
    promote: () => {},
    onSessionEnd: () => {},
  };
  board.beat(row);
  startSweep(booted, () => board.beat(row));
  return booted;
}

function adopt(parts: SplicedSession): void {
  if (thread === null) return;
  const { listener, limits, slot, clientCell, snapshot, trace } = parts;
  const offsetMs = monotonicOffsetMs();
  const [endAtMs, startedAtMs] = [parts.endAtMs - offsetMs, parts.startedAtMs - offsetMs];
  // Cleared before it is closed: the number may be another's the next moment.
  const { descriptors } = thread.board;
  const { worker } = thread;
  const onClose = (socket: SplicedSocket) => {
    sockets.delete(socket.token);
    descriptors.leave(worker, socket.fd);
  };
  const close = (pipe: KernelPipe) => {
    descriptors.leave(worker, pipe.read);
    descriptors.leave(worker, pipe.write);
    closePipe(pipe);
  };
  const client = new SplicedSocket(parts.client, onClose);
  Object.assign(client, parts.peer);
  const backend = new SplicedSocket(parts.backend, onClose);
  const up = new SplicePipe(parts.up, { source: client, sink: backend, close });
  const down = new SplicePipe(parts.down, { source: backend, sink: client, close });
  const common = { listener, limits, endAtMs, clientCell, startedAtMs, before: snapshot, trace };
  const session = new Session(thread, { ...common, client, up, down });
  client.session = session;
  backend.session = session;
  session.adopt(backend, slot);
  if (!watch(client) || !watch(backend)) return session.fault(new Error("epoll takes no more"));
  turnSoon();
}

function watch(socket: SplicedSocket): boolean {
  const token = ++lastToken;
  sockets.set(token, socket);
  socket.token = token;
  return epoll.add(socket.fd, token) === 0;
}

// Blocks in epoll while there are sessions, and lets this thread's messages and timers in between.
function turn(): void {
  isTurning = false;
  if (thread === null || thread.sessions.size === 0) return;
  const count = epoll.wait(unfinished.size > 0 ? 0 : sleepMs(thread));
  for (const pipe of [...unfinished]) {
    unfinished.delete(pipe);
    move(pipe);
  }
  for (let event = 0; event < count; event++) happened(epoll.token(event), epoll.bits(event));
  turnSoon();
}

// Its timers run between turns.
function sleepMs({ access, deliveries }: WorkerContext): number {
  if (!deliveries.isEmpty) return LOOK_MS;
  if (dropping > 0) return DROP_PAUSE_MS;
  return (access?.isEmpty ?? true) ? MAX_SLEEP_MS : BATCH_MS;
}

function turnSoon(): void {
  if (isTurning) return;
  isTurning = true;
  setImmediate(turn);
}

function happened(token: number, bits: number): void {
  if (token === WAKER) return clearWake(wakerFd);
  const socket = sockets.get(token);
  if (socket === undefined) return;
  if (bits & READABLE) {
    socket.isReadable = true;
    if (bits & URGENT) socket.isUrgent = true;
    move(socket.from);
  }
  if (bits & WRITABLE) move(socket.to);
  if (bits & FAILED) failed(socket);
}

function move(pipe: SplicePipe | null): void {
  const session = pipe?.source.session;
  if (pipe === null || session == null || session.phase === "ended") return;
  if (pipe.hasEnded) return session.flush(pipe);
  const moved = pipe.move();
  if (session.isAwaitingAnswer && pipe === session.down && pipe.bytes > 0) session.answered();
  switch (moved) {
    case "waiting":
      return;
    case "more":
      unfinished.add(pipe);
      return;
    case "dropped":
      return dropLater(pipe);
    case "ended":
      pipe.source.gotFin();
      return finished(session, pipe);
    case "source-broken":
      breakOff(session, pipe);
      return finished(session, pipe);
    case "sink-broken":
      return breakOff(session, pipe.sink.from ?? pipe);
  }
}

function dropLater(pipe: SplicePipe): void {
  dropping++;
  setTimeout(() => {
    dropping--;
    move(pipe);
  }, DROP_PAUSE_MS);
}

// The rest of the session may have bytes to drop that no further event reports.
function breakOff(session: Session, pipe: SplicePipe): void {
  broke(session, pipe);
  if (session.phase === "ended") return;
  unfinished.add(pipe);
  if (pipe.sink.from !== null) unfinished.add(pipe.sink.from);
}

// It was reset while nothing could be read from it: its sink is full.
function failed(socket: SplicedSocket): void {
  const { session, from } = socket;
  if (session === null || from === null || session.phase === "ended") return;
  if (!socket.isClosed && takeError(socket.fd) !== 0) broke(session, from);
}

function post(message: FromSplicer): void {
  self.postMessage(message);
}
