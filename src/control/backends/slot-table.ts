// Rows of the board, given to things by their identity. A row is free again only when its owner
// says that nothing counts on it any more; the one that has been free longest is given first.

export class SlotTable {
  private readonly slots = new Map<string, number>();
  private readonly free: number[] = [];
  private readonly retired = new Set<string>();
  private next = 0;
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Rows that nothing has. */
  get freeRows(): number {
    return this.capacity - this.slots.size;
  }

  get(identity: string): number | undefined {
    return this.slots.get(identity);
  }

  /** The name of the backend that has the row; empty: none. */
  nameOf(slot: number): string {
    for (const [identity, row] of this.slots) if (row === slot) return identity;
    return "";
  }

  /** The row of an identity; one that returns gets its own back. `isNew`: it holds nothing of it. */
  take(identity: string): { readonly slot: number; readonly isNew: boolean } {
    const present = this.slots.get(identity);
    if (present !== undefined) {
      this.retired.delete(identity);
      return { slot: present, isNew: false };
    }
    const slot = this.next < this.capacity ? this.next++ : this.free.shift();
    if (slot === undefined)
      throw new RangeError(`all ${this.capacity} rows of the board are in use`);
    this.slots.set(identity, slot);
    return { slot, isNew: true };
  }

  /** Is there a row for each of these, besides those that are in use? */
  hasRoomFor(identities: readonly string[]): boolean {
    const fresh = new Set(identities.filter((identity) => !this.slots.has(identity)));
    return this.slots.size + fresh.size <= this.capacity;
  }

  /** Nothing names it any more; its row is kept until `collect` finds it idle. */
  retire(identity: string): void {
    if (this.slots.has(identity)) this.retired.add(identity);
  }

  /** Frees the retired rows that are idle. Returns the identities that are gone. */
  collect(isIdle: (slot: number) => boolean): readonly string[] {
    const gone: string[] = [];
    for (const identity of this.retired) {
      const slot = this.slots.get(identity);
      if (slot === undefined || !isIdle(slot)) continue;
      this.slots.delete(identity);
      this.retired.delete(identity);
      this.free.push(slot);
      gone.push(identity);
    }
    return gone;
  }
}
