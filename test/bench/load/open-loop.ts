// Messages at a fixed rate, a process of its own: `bun open-loop.ts PORT RATE CONNECTIONS MS WARMUP_MS`.
// Each has a time at which it is meant to be sent, fixed beforehand, and its latency counts from that
// time: a stall delays no later message's clock (no coordinated omission). Prints JSON.
import { percentile } from "../statistics.ts";
import { connectTo, Epoll, receive, send, takeTick, timer } from "./libc.ts";

const MESSAGE_BYTES = 64;
const GRACE_NS = 3e9;

const [port = 0, rate = 0, connections = 0, ms = 0, warmupMs = 0] = process.argv
  .slice(2)
  .map(Number);
const intervalNs = Math.round(1e9 / rate);
const total = Math.floor(((ms + warmupMs) * rate) / 1000);
const warmup = Math.floor((warmupMs * rate) / 1000);
const latenciesNs = new Float64Array(total);
const message = new Uint8Array(MESSAGE_BYTES).fill(46);
const buffer = new Uint8Array(16 * 1024);

const epoll = new Epoll();
const fds = Array.from({ length: connections }, () => connectTo(port));
/** Message n goes over connection n modulo their number, so answers of one come in that order. */
const turnOf = new Map(fds.map((fd, turn) => [fd, turn]));
const bytesOf = new Float64Array(connections);
const answeredOf = new Float64Array(connections);
for (const fd of fds) epoll.add(fd);

let sent = 0;
let answered = 0;
const tick = timer(intervalNs);
epoll.add(tick);
const startNs = Bun.nanoseconds() + 1e6;
const deadlineNs = startNs + total * intervalNs + GRACE_NS;
while (answered < total) {
  const count = epoll.wait(100);
  for (let i = 0; i < count; i++) {
    const fd = epoll.ready(i);
    if (fd === tick) sendDue();
    else take(fd);
  }
  if (Bun.nanoseconds() > deadlineNs) throw new Error(`${total - answered} were not answered`);
}

function sendDue(): void {
  takeTick(tick);
  const nowNs = Bun.nanoseconds();
  for (; sent < total && startNs + sent * intervalNs <= nowNs; sent++) {
    const taken = send(fds[sent % connections] ?? -1, message, MESSAGE_BYTES);
    if (taken !== MESSAGE_BYTES) throw new Error(`send took ${taken} bytes`);
  }
}

function take(fd: number): void {
  const turn = turnOf.get(fd) ?? 0;
  const bytes = receive(fd, buffer);
  if (bytes <= 0) throw new Error("a connection ended");
  const nowNs = Bun.nanoseconds();
  bytesOf[turn] = (bytesOf[turn] ?? 0) + bytes;
  const complete = Math.floor((bytesOf[turn] ?? 0) / MESSAGE_BYTES);
  for (let nth = answeredOf[turn] ?? 0; nth < complete; nth++) {
    const index = nth * connections + turn;
    latenciesNs[index] = nowNs - (startNs + index * intervalNs);
    answered++;
  }
  answeredOf[turn] = complete;
}

const sorted = latenciesNs.subarray(warmup).sort();
const us = (share: number) => percentile(sorted, share) / 1000;
console.log(JSON.stringify({ p50: us(0.5), p99: us(0.99), p999: us(0.999) }));
process.exit(0);
