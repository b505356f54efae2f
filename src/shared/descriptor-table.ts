// Which thread has a session's descriptor, by its number: each is a thread's of its own, entered when it
// has it and cleared when it closes. So the control plane can see to the sockets of a thread that hangs or
// has ended: numbers that it was told in messages may be another's by then.
import { bytes, REGIONS, words } from "./board-layout.ts";

export class DescriptorTable {
  /** A thread's row and one; 0: nobody's. */
  private readonly owners: Uint8Array;
  /** The listener's row and one where it is a client's; 0: it is not. Of use only while it has an owner. */
  private readonly listeners: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.owners = bytes(memory, REGIONS.descriptors);
    this.listeners = words(memory, REGIONS.descriptorListeners);
  }

  /** Numbers beyond the table are not kept, and neither is −1. `listener` is the row of the one that a client
   *  came by. */
  take(thread: number, fd: number, listener = -1): void {
    if (fd < 0 || fd >= this.owners.length) return;
    this.listeners[fd] = listener + 1;
    Atomics.store(this.owners, fd, thread + 1);
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

  /** The clients among them. */
  clientsOf(thread: number): readonly { readonly fd: number; readonly listener: number }[] {
    return this.of(thread)
      .map((fd) => ({ fd, listener: (this.listeners[fd] ?? 0) - 1 }))
      .filter(({ listener }) => listener >= 0);
  }
}
