// Free ports, below the range that the kernel takes for outgoing connections: a port from that
// range that is free now may be some client's own a moment later, or its dial meets itself.
import { readFileSync } from "node:fs";

const FIRST = 11_000;
/** Test files that run beside each other have a share each: what one is given no other one finds free. */
const SHARES = 4;
const given = new Set<number>();

/** A port that nothing listens on. Never the same twice in one process. */
export function freePort(): number {
  const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const size = Math.floor((Number.parseInt(range, 10) - FIRST) / SHARES);
  const first = FIRST + (Number(process.env.BUN_TEST_WORKER_ID ?? 0) % SHARES) * size;
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = first + Math.floor(Math.random() * size);
    if (given.has(port) || !isFree(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port among the ${size} from ${first} on`);
}

/** So many in a row. */
export function freePorts(count: number): { readonly from: number; readonly to: number } {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const from = freePort();
    const others = Array.from({ length: count - 1 }, (_, nth) => from + 1 + nth);
    if (others.some((port) => given.has(port) || !isFree(port))) continue;
    for (const port of others) given.add(port);
    return { from, to: from + count - 1 };
  }
  throw new Error(`no ${count} free ports in a row`);
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
