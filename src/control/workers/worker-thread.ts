// One thread of the data plane, from its start to its end.
import { isLinux } from "../../os/libc.ts";
import { resetAtClose } from "../../os/stream.ts";
import type { Board } from "../../shared/board.ts";
import { MAX_WORKERS } from "../../shared/board-layout.ts";
import type { Generation } from "../../shared/generation.ts";
import { generationDelta } from "../../shared/generation-delta.ts";
import type { FromWorker, ToWorker } from "../../shared/worker-messages.ts";
import { entryUrl } from "./thread-entry.ts";

type WorkerThreadEvents = {
  readonly onMessage: (worker: number, message: FromWorker) => void;
  /** The thread is about to be ended with the sessions that it has. */
  readonly onAbandon: (worker: number) => void;
  /** The thread has ended; its sockets are closed. Said once. */
  readonly onEnd: (worker: number, reason: string) => void;
};

export class WorkerThread {
  readonly index: number;
  /** Booted, and not ended. */
  isAlive = false;
  /** It was told to end. */
  isEnding = false;
  private readonly worker: Worker;
  private readonly events: WorkerThreadEvents;
  private readonly board: Board;
  private readonly acknowledged = new Map<number, (error: string | null) => void>();
  /** The generation that it was sent last. */
  private sent: Generation | null = null;
  private lastError = "it ended";
  private hasEnded = false;

  constructor(index: number, board: Board, events: WorkerThreadEvents) {
    if (index >= MAX_WORKERS) throw new RangeError(`worker ${index} has no row on the board`);
    this.index = index;
    this.events = events;
    this.board = board;
    this.worker = new Worker(entryUrl("worker"));
    this.worker.addEventListener("message", (event) => this.receive(event.data as FromWorker));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.lastError = event.message;
    });
    this.worker.addEventListener("close", () => this.ended());
    this.send({ kind: "boot", worker: index, board: board.memory });
  }

  send(message: ToWorker): void {
    if (!this.hasEnded) this.worker.postMessage(message);
  }

  /** Resolves when the thread serves it (null), says why it can't, or has ended (null: it serves
   *  nothing any more). */
  apply(generation: Generation): Promise<string | null> {
    if (!this.isAlive) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.acknowledged.set(generation.revision, resolve);
    this.send({ kind: "apply", delta: generationDelta(this.sent, generation) });
    this.sent = generation;
    return promise;
  }

  /** Ends the thread, also one that hangs: it is set apart at once, and ends when it wakes. Its sessions end
   *  with a reset, since a FIN would say that their streams are whole. */
  terminate(reason: string): void {
    this.events.onAbandon(this.index);
    if (isLinux) for (const fd of this.board.descriptors.of(this.index)) resetAtClose(fd);
    this.lastError = reason;
    this.isAlive = false;
    this.isEnding = true;
    this.worker.terminate();
    this.acknowledgeAll();
  }

  private receive(message: FromWorker): void {
    if (message.kind === "ready") this.isAlive = true;
    if (message.kind === "applied") {
      this.acknowledged.get(message.revision)?.(message.error);
      this.acknowledged.delete(message.revision);
    }
    this.events.onMessage(this.index, message);
  }

  private ended(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.isAlive = false;
    for (const fd of this.board.descriptors.of(this.index)) {
      this.board.descriptors.leave(this.index, fd);
    }
    this.acknowledgeAll();
    this.events.onEnd(this.index, this.lastError);
  }

  // A thread that serves nothing any more holds nothing up.
  private acknowledgeAll(): void {
    for (const resolve of this.acknowledged.values()) resolve(null);
    this.acknowledged.clear();
  }
}
