// The only dlopen: libc by bun:ffi, opened at first use and once per thread.
import { dlopen, FFIType, read } from "bun:ffi";
import { readFileSync } from "node:fs";
import { BalError } from "../base/errors.ts";

const { i32, u32, ptr, u64 } = FFIType;

const symbols = {
  socket: { args: [i32, i32, i32], returns: i32 },
  socketpair: { args: [i32, i32, i32, ptr], returns: i32 },
  dup2: { args: [i32, i32], returns: i32 },
  bind: { args: [i32, ptr, u32], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  connect: { args: [i32, ptr, u32], returns: i32 },
  recv: { args: [i32, ptr, u64, i32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
  shutdown: { args: [i32, i32], returns: i32 },
  pipe2: { args: [ptr, i32], returns: i32 },
  splice: { args: [i32, ptr, i32, ptr, u64, u32], returns: i32 },
  epoll_create1: { args: [i32], returns: i32 },
  epoll_ctl: { args: [i32, i32, i32, ptr], returns: i32 },
  epoll_wait: { args: [i32, ptr, i32, i32], returns: i32 },
  eventfd: { args: [u32, i32], returns: i32 },
  read: { args: [i32, ptr, u64], returns: i32 },
  write: { args: [i32, ptr, u64], returns: i32 },
  setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
  sendmsg: { args: [i32, ptr, i32], returns: i32 },
  clock_gettime: { args: [i32, ptr], returns: i32 },
  getpeername: { args: [i32, ptr, ptr], returns: i32 },
  getsockname: { args: [i32, ptr, ptr], returns: i32 },
  ioctl: { args: [i32, u64, ptr], returns: i32 },
  fcntl: { args: [i32, i32, i32], returns: i32 },
  close: { args: [i32], returns: i32 },
  flock: { args: [i32, i32], returns: i32 },
  getrlimit: { args: [i32, ptr], returns: i32 },
  sched_getaffinity: { args: [i32, u64, ptr], returns: i32 },
  __errno_location: { args: [], returns: ptr },
} as const;

type Libc = ReturnType<typeof open>["symbols"];

let libc: Libc | null = null;
let errnoAt: number | null = null;

export const isLinux = process.platform === "linux";

/** libc's functions. Linux only. Throws BalError `no-libc` where it can't be opened. */
export function getLibc(): Libc {
  libc ??= open().symbols;
  return libc;
}

/** The error of this thread's last failed libc call; read it before anything else is called. */
export function errno(): number {
  errnoAt ??= Number(getLibc().__errno_location());
  return read.i32(errnoAt as Parameters<typeof read.i32>[0], 0);
}

function open() {
  try {
    return dlopen(libcName(), symbols);
  } catch (cause) {
    throw new BalError("no-libc", "cannot open the C library, which bal needs for its sockets", {
      hint: "use the binary for this system: bal-linux-x64 for glibc, bal-linux-x64-musl for musl",
      cause,
    });
  }
}

// One name, chosen by looking at what this process runs on: dlopen falls back to the working directory
// when a name fails, so a list of guesses could load somebody else's file (bun:ffi, seen on 1.4.5).
function libcName(): string {
  const isMusl = readFileSync("/proc/self/maps", "utf8").includes("/ld-musl-");
  if (!isMusl) return "libc.so.6";
  return `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
}
