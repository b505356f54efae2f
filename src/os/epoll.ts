// An epoll(7) set of our own, for sockets that Bun does not watch. Edge-triggered. Linux only.
import { ptr } from "bun:ffi";
import { errnoCode } from "../base/os-error.ts";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
} from "./abi.ts";
import { errno, getLibc } from "./libc.ts";

/** Bits of an event. */
export const READABLE = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
export const WRITABLE = EPOLLOUT | EPOLLHUP | EPOLLERR;
export const FAILED = EPOLLERR;
/** There is an urgent byte (tcp(7)) that nobody has read past yet. */
export const URGENT = EPOLLPRI;

const MAX_EVENTS = 256;
/** struct epoll_event is packed on x86_64 only. */
const EVENT_BYTES = process.arch === "x64" ? 12 : 16;
const DATA_OFFSET = process.arch === "x64" ? 4 : 8;

export class Epoll {
  private readonly fd: number;
  private readonly eventsBuffer = new ArrayBuffer(MAX_EVENTS * EVENT_BYTES);
  private readonly events = new DataView(this.eventsBuffer);
  private readonly eventsPointer = ptr(new Uint8Array(this.eventsBuffer));
  private readonly changeBuffer = new ArrayBuffer(16);
  private readonly change = new DataView(this.changeBuffer);
  private readonly changePointer = ptr(new Uint8Array(this.changeBuffer));

  /** Throws when there is no descriptor for it. */
  constructor() {
    this.fd = getLibc().epoll_create1(EPOLL_CLOEXEC);
    if (this.fd < 0) throw new Error(`cannot watch sockets: ${errnoCode(errno())}`);
  }

  /** Tells every change of the descriptor from now on, and first what it is now. Closing it ends
   *  that. @returns 0 or an errno */
  add(fd: number, token: number): number {
    this.change.setUint32(0, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, true);
    this.change.setUint32(DATA_OFFSET, token, true);
    return getLibc().epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, this.changePointer) < 0 ? errno() : 0;
  }

  /** Blocks this thread until something happens. @returns how many events there are to read */
  wait(timeoutMs: number): number {
    return Math.max(0, getLibc().epoll_wait(this.fd, this.eventsPointer, MAX_EVENTS, timeoutMs));
  }

  bits(event: number): number {
    return this.events.getUint32(event * EVENT_BYTES, true);
  }

  token(event: number): number {
    return this.events.getUint32(event * EVENT_BYTES + DATA_OFFSET, true);
  }
}
