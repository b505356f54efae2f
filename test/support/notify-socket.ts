// The service manager's end of sd_notify(3): a unix datagram socket, which Bun has none of.
import { ptr } from "bun:ffi";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AF_UNIX, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from "../../src/os/abi.ts";
import { getLibc } from "../../src/os/libc.ts";
import { encodeUnixSockaddr } from "../../src/os/sockaddr.ts";
import { until } from "./until.ts";

export class NotifySocket implements Disposable {
  /** The value for NOTIFY_SOCKET. */
  readonly path: string;
  /** The messages so far, as their lines. */
  readonly messages: string[][] = [];
  private readonly fd: number;
  private readonly folder: string | null = null;

  constructor(kind: "path" | "abstract" = "path") {
    if (kind === "path") this.folder = mkdtempSync(join(tmpdir(), "bal-notify-"));
    this.path =
      this.folder === null ? `@bal-test-${crypto.randomUUID()}` : join(this.folder, "socket");
    const address = encodeUnixSockaddr(this.path)!;
    const libc = getLibc();
    this.fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (libc.bind(this.fd, address.pointer, address.bytes.length) < 0) throw new Error("bind");
  }

  /** Takes what has come. Descriptors that come along are closed by the kernel. */
  receive(): readonly string[][] {
    const buffer = new Uint8Array(new ArrayBuffer(4096));
    for (;;) {
      const count = getLibc().recv(this.fd, ptr(buffer), buffer.length, MSG_DONTWAIT);
      if (count < 0) return this.messages;
      this.messages.push(new TextDecoder().decode(buffer.subarray(0, count)).split("\n"));
    }
  }

  /** Waits for a message with a line that begins with this; returns the line. */
  async line(start: string): Promise<string> {
    return await until(`${start} is told`, () =>
      this.receive()
        .flat()
        .find((line) => line.startsWith(start)),
    );
  }

  [Symbol.dispose](): void {
    getLibc().close(this.fd);
    if (this.folder !== null) rmSync(this.folder, { recursive: true });
  }
}
