// The interfaces of a session's sockets and of its two directions, whether the bytes are moved by a worker
// through Bun (`Pipe`), or a splicer in the kernel (`SplicePipe`).
import type { Progress, UnsentBytes } from "./progress.ts";

/** The part of a socket that a pipe needs. */
export type PipeSocket = {
  /** Bytes taken, 0 when there is no room, −1 when it is broken. */
  write(chunk: Uint8Array): number;
  pause(): void;
  resume(): void;
};

export type RelaySocket = PipeSocket & {
  /** Sends FIN. A socket that has its peer's FIN too is then closed. */
  shutdown(): void;
  /** Closes both directions at once. */
  close(): void;
  /** Resets the peer, unless the socket is closed already. */
  terminate(): void;
  setKeepAlive(enable: boolean, idleMs: number): void;
};

/** A step of a session before it relays: a preread, or a dial. It calls the session; the session calls
 *  it by these only. */
export type Step = {
  /** When what it waits for has taken too long, by this thread's clock. */
  readonly deadlineMs: number;
  go(): void;
  deadlinePassed(): void;
  /** The client has sent bytes: they lie in the session's pipe. */
  received(): void;
  /** The session ends: gives up what the step holds. */
  leave(): void;
};

/** Bytes from a source to a sink, in order, then the FIN. */
export type Direction = {
  source: PipeSocket | null;
  sink: PipeSocket | null;
  /** The source sends no more: its FIN has come, or it has broken and everything before was read. */
  hasEnded: boolean;
  /** It has broken without a FIN: its stream ends with a reset. */
  isCut: boolean;
  /** `finished`: the sink was given everything, and the FIN if there is one. `dead`: the sink is gone, bytes are dropped. */
  state: "open" | "finished" | "dead";
  /** Bytes that the sink's kernel has taken. */
  readonly bytes: number;
  /** When bytes were last seen to move, by this thread's clock; kept by the sweep. */
  readonly progress: Progress;
  /** When its sink was last seen to have taken something, or all there was; kept by the sweep. */
  readonly stalledSinceMs: number;
  /** Bytes that wait for the sink in this process's memory. */
  readonly pendingBytes: number;
  /** Everything before the source's end was delivered, the end itself was not. */
  readonly isEndDue: boolean;
  /** Size of its source's receive buffer, since memory was short; 0: as the kernel has it. */
  receiveBytes: number;
  /** Gives those of its sockets that are there small buffers. */
  narrow(): void;
  /** Lets the kernel size them again. */
  widen(): void;
  /** Reads no more of its source until there is room in the buffer budget, or its sink is there. */
  hold(): void;
  /** Takes a chunk from the source. False: the sink is broken. */
  push(chunk: Uint8Array): boolean;
  /** The sink may have room; spurious calls do nothing. False: the sink is broken. */
  flush(): boolean;
  /** The sink is gone: drops what is pending, and what still comes. */
  kill(): void;
  /** Frees what it holds; it is not used again. */
  release(): void;
  /** For the sweep: notes whether bytes have moved since the last one. */
  observe(nowMs: number, unsentBytes: UnsentBytes): void;
};
