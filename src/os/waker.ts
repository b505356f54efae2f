// Wakes a thread that blocks in epoll: an eventfd(2). Linux only.
import { ptr } from "bun:ffi";
import { errnoCode } from "../base/os-error.ts";
import { EFD_CLOEXEC, EFD_NONBLOCK } from "./abi.ts";
import { errno, getLibc } from "./libc.ts";

const counter = new BigUint64Array(new ArrayBuffer(8));
const counterPointer = ptr(counter);

/** Throws when there is no descriptor for it. The caller closes it. */
export function openWaker(): number {
  const fd = getLibc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw new Error(`cannot open an eventfd: ${errnoCode(errno())}`);
  return fd;
}

export function wake(fd: number): void {
  counter[0] = 1n;
  getLibc().write(fd, counterPointer, 8);
}

/** Until it is called, further wakes are the same one. */
export function clearWake(fd: number): void {
  getLibc().read(fd, counterPointer, 8);
}
