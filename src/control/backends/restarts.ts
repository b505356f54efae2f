// Backends that were up and refuse connections now. Each may be restarting: it is expected back for as long as
// a client may wait for its dial.
import { isRefusal } from "../../base/os-error.ts";
import type { Config, PoolConfig } from "../../config/config.ts";
import type { Board } from "../../shared/board.ts";
import { EXPECTED, PROBE_UP } from "../../shared/health-bits.ts";

export class Restarts {
  private readonly board: Board;
  /** It is not expected back any more, for it has taken too long. */
  private readonly onLate: (slot: number) => void;
  private readonly timers = new Map<number, Timer>();

  constructor(board: Board, onLate: (slot: number) => void) {
    this.board = board;
    this.onLate = onLate;
  }

  /** A check has failed, with this code of the connect; null: it was connected. */
  failedCheck(slot: number, code: string | null): void {
    if (!isRefusal(code)) this.forget(slot);
  }

  /** A backend is about to be marked down. It is expected back where it was up and its last check was refused. */
  goesDown(slot: number, code: string | null, forMs: number): void {
    if (!isRefusal(code) || (this.board.healthBits(slot) & PROBE_UP) === 0) return;
    this.forget(slot);
    this.board.changeHealth(slot, EXPECTED, 0);
    const late = () => {
      this.forget(slot);
      this.onLate(slot);
    };
    this.timers.set(slot, setTimeout(late, forMs));
  }

  /** It is back, or another backend has its row, or it is somewhere else. */
  forget(slot: number): void {
    const timer = this.timers.get(slot);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.timers.delete(slot);
    this.board.changeHealth(slot, 0, EXPECTED);
  }

  stop(): void {
    for (const slot of [...this.timers.keys()]) this.forget(slot);
  }
}

/** How long a client of a pool may wait for its dial, by whichever listener it comes. */
export function longestDialMs({ listeners }: Config, { dial }: PoolConfig): number {
  return dial.connectTotalMs ?? Math.max(...listeners.map((one) => one.timeouts.connectTotalMs));
}
