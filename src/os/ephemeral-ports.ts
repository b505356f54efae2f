// The ports that the kernel gives to outgoing connections.
import { readFileSync } from "node:fs";

/** After so long it is read again: an operator may have changed it. */
const FRESH_MS = 60_000;

let from = 0;
let to = 0;
let readAtMs = Number.NEGATIVE_INFINITY;

export function isEphemeral(port: number): boolean {
  const nowMs = performance.now();
  if (nowMs - readAtMs > FRESH_MS) {
    readAtMs = nowMs;
    [from, to] = readRange();
  }
  return port >= from && port <= to;
}

// Not known (macOS): any that needs no privilege.
function readRange(): readonly [number, number] {
  try {
    const text = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    const [first = 1024, last = 65535] = text.trim().split(/\s+/).map(Number);
    return [first, last];
  } catch {
    return [1024, 65535];
  }
}
