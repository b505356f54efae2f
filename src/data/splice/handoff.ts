// Hands a session that moves bulk from this worker to its splicer: pipes and descriptors are made,
// the lease changes rows on the board, Bun's sockets are closed, the connections live on.
import { monotonicOffsetMs } from "../../os/monotonic.ts";
import { closeDescriptor, descriptorOf, duplicate } from "../../os/socket.ts";
import { closePipe, type KernelPipe, openPipe } from "../../os/splice.ts";
import type { Board } from "../../shared/board.ts";
import { splicerRow } from "../../shared/board-layout.ts";
import type { FromWorker } from "../../shared/worker-messages.ts";
import { traceOf } from "../access-log/access-record.ts";
import { peerOf } from "../relay/client-address.ts";
import type { RelaySocket } from "../relay/relay-types.ts";
import type { Session } from "../relay/session.ts";

/** Capacity of each pipe: what a stalled session holds at most, each way. A larger one moves bytes no
 *  cheaper (0.25 to 0.28 core-seconds a GB with 256 KiB, 0.25 to 0.29 with 1 MiB, 2026-11-23), and
 *  fs.pipe-user-pages-soft leaves an ordinary user room for 128 sessions with these, 32 with those. */
const PIPE_BYTES = 256 * 1024;
/** A pipe's usual size; with less (the user's budget is used up) copying is cheaper. */
const LEAST_PIPE_BYTES = 64 * 1024;
/** When there was no room for it, it is tried again after so many bytes more. */
const RETRY_BYTES = 64 * 1024 * 1024;

export class Promotion {
  /** Sessions that this worker's splicer may have at a time. */
  limit = 0;
  private readonly board: Board;
  private readonly worker: number;
  private readonly post: (message: FromWorker) => void;

  constructor(board: Board, worker: number, post: (message: FromWorker) => void) {
    this.board = board;
    this.worker = worker;
    this.post = post;
  }

  /** Leaves the session alone while bytes are pending or a side has ended, and when there is no room. */
  promote(session: Session): void {
    const { up, down, backend, listener, slot, limits, endAtMs, clientCell, startedAtMs } = session;
    if (session.phase !== "relaying" || backend === null) return;
    if (session.lingering !== null || up.pendingBytes > 0 || down.pendingBytes > 0) return;
    const row = splicerRow(this.worker);
    const descriptors =
      this.board.threadSessions(row) < this.limit ? claim(session, backend) : null;
    if (descriptors === null) {
      session.spliceAtBytes = Math.max(up.bytes, down.bytes) + RETRY_BYTES;
      return;
    }
    session.keepAlive();
    up.widen();
    down.widen();
    const peer = peerOf(session);
    const snapshot = session.snapshot();
    const trace = traceOf(session);
    this.board.handOver(this.worker, row, { listener, slot });
    if (clientCell >= 0) this.board.clients.handOver(this.worker, row, clientCell);
    session.detach();
    const offsetMs = monotonicOffsetMs();
    const times = { endAtMs: endAtMs + offsetMs, startedAtMs: startedAtMs + offsetMs };
    const parts = { ...descriptors, listener, slot, limits, clientCell, ...times };
    this.post({ kind: "promoted", session: { ...parts, peer, snapshot, trace } });
  }
}

type Descriptors = {
  readonly client: number;
  readonly backend: number;
  readonly up: KernelPipe;
  readonly down: KernelPipe;
};

/** Null when one of them can't be had; then none is left open. */
function claim(session: Session, socket: RelaySocket): Descriptors | null {
  const up = openPipe(PIPE_BYTES, LEAST_PIPE_BYTES);
  if (up === null) return null;
  const down = openPipe(PIPE_BYTES, LEAST_PIPE_BYTES);
  const client = duplicate(descriptorOf(session.client));
  const backend = duplicate(descriptorOf(socket));
  if (down !== null && client >= 0 && backend >= 0) return { client, backend, up, down };
  closePipe(up);
  if (down !== null) closePipe(down);
  if (client >= 0) closeDescriptor(client);
  if (backend >= 0) closeDescriptor(backend);
  return null;
}
