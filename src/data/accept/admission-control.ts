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

  /** Takes a connection's places on the board, of which there are `ceiling` in all.
   *  @returns why there is none for it; null: it has them */
  enter(ceiling: number): End | null {
    const { listener, limits } = this;
    const { board, worker } = this.thread;
    if (!board.enterSession(worker, ceiling)) return "limitGlobal";
    board.openSession(worker, listener);
    const end = this.refusal(limits);
    if (end !== null) this.leave();
    return end;
  }

  /** Takes the place of one that has come from this address. @returns its cell, or why it has none */
  enterClient(address: string): number | End {
    const { perClient, ratePerClient } = this.limits;
    // Clients of a unix socket have no address.
    if ((perClient === 0 && ratePerClient.count === 0) || address === "") return NO_CELL;
    const { clients } = this.thread.board;
    const cell = clients.cellOf(this.listener, clientNetwork(address));
    if (ratePerClient.count > 0 && !clients.passClient(cell, ratePerClient)) return "rateClient";
    if (perClient === 0) return NO_CELL;
    return clients.enter(this.thread.worker, cell, perClient) ? cell : "limitClient";
  }

  /** Gives up what `enter` took. */
  leave(): void {
    const { board, worker } = this.thread;
    board.closeSession(worker, this.listener);
    board.leaveSession(worker);
  }

  private refusal({ maxConnections, rate }: ListenerLimits): End | null {
    const { board } = this.thread;
    if (maxConnections > 0 && board.listenerSessions(this.listener) > maxConnections)
      return "limitListener";
    if (rate.count > 0 && !board.clients.passListener(this.listener, rate)) return "rateListener";
    return null;
  }
}
