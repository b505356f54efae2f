// sd_notify(3): datagrams to the service manager's unix socket. Linux only. Errors are returned as
// negative errnos.
import { ptr } from "bun:ffi";
import {
  AF_UNIX,
  EAGAIN,
  EINVAL,
  MSG_NOSIGNAL,
  SCM_RIGHTS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "./abi.ts";
import { errno, getLibc } from "./libc.ts";
import { encodeUnixSockaddr } from "./sockaddr.ts";
import { closeDescriptor } from "./socket.ts";
import { openPipe } from "./splice.ts";

const POLL_MS = 10;
const PIPE_BYTES = 4096;

/**
 * Sends a message, and a descriptor where one belongs to it. Never waits: a manager that has no room
 * for it gets none.
 *
 * @param socket a path; with a leading @ an abstract one
 * @returns 0 or a negative errno
 */
export function sendNotification(
  socket: string,
  message: string,
  fd: number | null = null,
): number {
  const libc = getLibc();
  const address = encodeUnixSockaddr(socket);
  if (address === null) return -EINVAL;
  const sender = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (sender < 0) return -errno();
  const header = encodeMessage(address.bytes, new TextEncoder().encode(message), fd);
  const error = libc.sendmsg(sender, header, MSG_NOSIGNAL) < 0 ? -errno() : 0;
  closeDescriptor(sender);
  return error;
}

/**
 * Waits until the manager has taken all that this process has sent (sd_notify_barrier): it closes the
 * pipe that comes with the message.
 *
 * @returns whether it has within `withinMs`, or that it can't be told at all
 */
export async function notifyBarrier(
  socket: string,
  withinMs: number,
): Promise<"taken" | "late" | "absent"> {
  const pipe = openPipe(PIPE_BYTES, PIPE_BYTES);
  if (pipe === null) return "absent";
  const sent = sendNotification(socket, "BARRIER=1", pipe.write);
  closeDescriptor(pipe.write);
  const deadlineMs = performance.now() + withinMs;
  try {
    if (sent < 0 && sent !== -EAGAIN) return "absent";
    // With its queue full (EAGAIN) nobody got the other end, and it reads as closed.
    while (sent < 0 || !isAtEnd(pipe.read)) {
      if (performance.now() >= deadlineMs) return "late";
      await Bun.sleep(POLL_MS);
    }
    return "taken";
  } finally {
    closeDescriptor(pipe.read);
  }
}

function isAtEnd(fd: number): boolean {
  const count = getLibc().read(fd, new Uint8Array(new ArrayBuffer(1)), 1);
  return count === 0 || (count < 0 && errno() !== EAGAIN);
}

/** Offsets in the block that holds a message: 64-bit Linux's structs, then what they point to. */
const MSGHDR = 0;
const IOVEC = 56;
const CMSGHDR = 72;
const NAME = 96;
/** A struct cmsghdr with one descriptor, without its padding. */
const CMSG_BYTES = 20;

/** A struct msghdr with all that belongs to it, in one block: as long as that lives, it is whole. */
function encodeMessage(name: Uint8Array, body: Uint8Array, fd: number | null): Uint8Array {
  const bodyAt = NAME + name.length;
  const buffer = new ArrayBuffer(bodyAt + body.length);
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  const base = ptr(bytes);
  const words = (at: number, ...values: readonly number[]) => {
    for (const [index, value] of values.entries()) {
      view.setBigUint64(at + 8 * index, BigInt(value), true);
    }
  };
  const control = fd === null ? [0, 0] : [base + CMSGHDR, NAME - CMSGHDR];
  words(MSGHDR, base + NAME, name.length, base + IOVEC, 1, ...control, 0);
  words(IOVEC, base + bodyAt, body.length);
  bytes.set(name, NAME);
  bytes.set(body, bodyAt);
  if (fd === null) return bytes;
  words(CMSGHDR, CMSG_BYTES);
  view.setInt32(CMSGHDR + 8, SOL_SOCKET, true);
  view.setInt32(CMSGHDR + 12, SCM_RIGHTS, true);
  view.setInt32(CMSGHDR + 16, fd, true);
  return bytes;
}
