// A socket of a splicer: a descriptor with the manners of a Bun socket, as far as a session needs
// them. It owns the descriptor.
import { closeDescriptor } from "../../os/socket.ts";
import { abort, shutdownWriting } from "../../os/stream.ts";
import type { RelaySocket } from "../relay/relay-types.ts";
import type { Session } from "../relay/session.ts";
import type { SplicePipe } from "./splice-pipe.ts";

export class SplicedSocket implements RelaySocket {
  readonly fd: number;
  session: Session | null = null;
  /** Its peer's address, as Bun's sockets have it; empty where nobody asks. */
  remoteAddress = "";
  remotePort = 0;
  /** The pipe that takes the bytes it sends. */
  from: SplicePipe | null = null;
  /** The pipe that brings the bytes it gets. */
  to: SplicePipe | null = null;
  /** False until the next event: a read said that there is nothing. */
  isReadable = true;
  /** An urgent byte has come. */
  isUrgent = false;
  /** Its place among the splicer's sockets. */
  token = 0;
  private isOpen = true;
  private hasSentFin = false;
  private hasGotFin = false;
  private readonly onClose: (socket: SplicedSocket) => void;

  /** `onClose` is called just before the descriptor is closed. */
  constructor(fd: number, onClose: (socket: SplicedSocket) => void) {
    this.fd = fd;
    this.onClose = onClose;
  }

  get isClosed(): boolean {
    return !this.isOpen;
  }

  /** Its peer's FIN was read. */
  gotFin(): void {
    this.hasGotFin = true;
    if (this.hasSentFin) this.close();
  }

  shutdown(): void {
    if (!this.isOpen || this.hasSentFin) return;
    this.hasSentFin = true;
    shutdownWriting(this.fd);
    if (this.hasGotFin) this.close();
  }

  close(): void {
    this.closeBy(closeDescriptor);
  }

  terminate(): void {
    this.closeBy(abort);
  }

  // The worker has switched it on.
  setKeepAlive(): void {}

  // A pipe reads its source only when it has room.
  pause(): void {}
  resume(): void {}

  write(): number {
    throw new Error("a spliced socket is written by its pipe");
  }

  private closeBy(how: (fd: number) => void): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.onClose(this);
    how(this.fd);
  }
}
