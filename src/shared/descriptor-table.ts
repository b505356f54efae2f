// Which thread has a session's descriptor, by its number: each is a thread's of its own, entered when it
// has it and cleared when it closes. So the control plane can see to the sockets of a thread that hangs or
// has ended: numbers that it was told in messages may be another's by then.
import { bytes, REGIONS } from "./board-layout.ts";

export class DescriptorTable {
  /** A thread's row and one; 0: nobody's. */
  private readonly owners: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.owners = bytes(memory, REGIONS.descriptors);
  }

  /** Numbers beyond the table are not kept, and neither is −1. */
  take(thread: number, fd: number): void {
    if (fd >= 0 && fd < this.owners.length) Atomics.store(this.owners, fd, thread + 1);
  }

  /** Unless it is another thread's by now. */
  leave(thread: number, fd: number): void {
    if (fd >= 0 && fd < this.owners.length) {
      Atomics.compareExchange(this.owners, fd, thread + 1, 0);
    }
  }

  /** All that a thread has. */
  of(thread: number): readonly number[] {
    const found: number[] = [];
    for (let fd = this.owners.indexOf(thread + 1); fd >= 0; ) {
      found.push(fd);
      fd = this.owners.indexOf(thread + 1, fd + 1);
    }
    return found;
  }
}
