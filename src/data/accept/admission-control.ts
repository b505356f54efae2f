// Who may come in at a listener, by its lists and limits; over all threads what is counted is exact.
import type { ListenerLimits } from "../../config/config.ts";
import { type Gate, makeGate } from "../../policy/admission/access-list.ts";
import type { End } from "../../shared/end-reason.ts";
import type { Admission } from "../../shared/generation.ts";
import { clientNetwork } from "../relay/client-address.ts";
import type { WorkerContext } from "../relay/worker-context.ts";

/** The cell of a client that is not counted by its address. */
export const NO_CELL = -1;

const NO_RATE = { count: 0, windowMs: 1000 };
const NO_LIMITS: ListenerLimits = {
  maxConnections: 0,
  perClient: 0,
  rate: NO_RATE,
  ratePerClient: NO_RATE,
};

export class AdmissionControl {
  private readonly thread: WorkerContext;
  /** The listener's row on the board. */
  private readonly listener: number;
  private gate: Gate = null;
  private limits = NO_LIMITS;

  constructor(thread: WorkerContext, listener: number) {
    this.thread = thread;
    this.listener = listener;
  }

  update(admission: Admission): void {
    this.gate = makeGate(admission);
    this.limits = admission.limits;
  }

  /** Does anything hang on a client's address? */
  get asksWho(): boolean {
    const { perClient, ratePerClient } = this.limits;
    return this.gate !== null || perClient > 0 || ratePerClient.count > 0;
  }

  isDenied(address: string): boolean {
    return this.gate !== null && !this.gate.admits(address);
  }

  /** Takes a connection's places on the board, of which there are `ceiling` in all. `address` is null where
   *  nobody asks for it. Rates come last: a client that finds no place uses up no token.
   *  @returns the cell of its address, or why there is no place for it */
  enter(ceiling: number, address: string | null): number | End {
    const { listener } = this;
    const { board, worker } = this.thread;
    if (!board.enterSession(worker, ceiling)) return "limitGlobal";
    board.openSession(worker, listener);
    const cell = this.enterListener(address);
    if (typeof cell === "string") this.leave();
    return cell;
  }

  /** Takes the place of a client that has come from this address. @returns its cell, or why it has none */
  enterClient(address: string): number | End {
    const { perClient, ratePerClient } = this.limits;
    // Clients of a unix socket have no address.
    if ((perClient === 0 && ratePerClient.count === 0) || address === "") return NO_CELL;
    const { worker, board } = this.thread;
    const cell = board.clients.cellOf(this.listener, clientNetwork(address));
    const isCounted = perClient > 0;
    if (isCounted && !board.clients.enter(worker, cell, perClient)) return "limitClient";
    if (ratePerClient.count === 0 || board.clients.passClient(cell, ratePerClient))
      return isCounted ? cell : NO_CELL;
    if (isCounted) board.clients.leave(worker, cell);
    return "rateClient";
  }

  /** Gives up what `enter` took. */
  leave(): void {
    const { board, worker } = this.thread;
    board.closeSession(worker, this.listener);
    board.leaveSession(worker);
  }

  private enterListener(address: string | null): number | End {
    const { board, worker } = this.thread;
    const { maxConnections, rate } = this.limits;
    if (maxConnections > 0 && board.listenerSessions(this.listener) > maxConnections)
      return "limitListener";
    const cell = address === null ? NO_CELL : this.enterClient(address);
    if (typeof cell === "string" || rate.count === 0) return cell;
    if (board.clients.passListener(this.listener, rate)) return cell;
    if (cell >= 0) board.clients.leave(worker, cell);
    return "rateListener";
  }
}
