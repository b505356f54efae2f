// The rows of the board that listeners have, by their names. A row is free again when its last session has ended.
import type { Config } from "../../config/config.ts";
import type { Board } from "../../shared/board.ts";
import { MAX_LISTENERS } from "../../shared/board-layout.ts";
import { SlotTable } from "../backends/slot-table.ts";

export class ListenerRows {
  private readonly board: Board;
  private readonly slots = new SlotTable(MAX_LISTENERS);

  constructor(board: Board) {
    this.board = board;
  }

  /** A listener's row, from now on if it had none. */
  take(name: string): number {
    const { slot, isNew } = this.slots.take(name);
    if (isNew) this.board.resetListener(slot);
    return slot;
  }

  /** Those of a config, in its order. */
  of({ listeners }: Config): readonly { readonly name: string; readonly slot: number }[] {
    return listeners.map(({ name }) => ({ name, slot: this.take(name) }));
  }

  /** Empty: no listener has it. */
  nameOf(slot: number): string {
    return this.slots.nameOf(slot);
  }

  hasRoomFor({ listeners }: Config): boolean {
    return this.slots.hasRoomFor(listeners.map(({ name }) => name));
  }

  /** The listeners of `present` that `next` has no more. */
  retire(present: Config, next: Config): void {
    for (const { name } of present.listeners) {
      if (!next.listeners.some((listener) => listener.name === name)) this.slots.retire(name);
    }
  }

  /** Only while every worker has acknowledged: one that has not may still count on a row. */
  collect(): void {
    this.slots.collect((slot) => this.board.listenerSessions(slot) === 0);
  }
}
