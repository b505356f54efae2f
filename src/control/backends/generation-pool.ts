// A pool's part of the generation that workers are sent.
import { formatAddress } from "../../base/address.ts";
import type { HashedBy, PoolConfig } from "../../config/config.ts";
import { servingRules } from "../../config/roles.ts";
import { hashText } from "../../policy/balance/hash.ts";
import type { GenerationPool } from "../../shared/generation.ts";
import type { Backend } from "./backend.ts";
import { weightOf } from "./override.ts";

/** `slot` is its cursor on the board. */
export function generationPool(
  pool: PoolConfig,
  slot: number,
  backends: readonly Backend[],
): GenerationPool {
  const seeds = seedsOf(pool.hashedBy, backends);
  return {
    slot,
    name: pool.name,
    method: pool.method,
    boundPercent: pool.boundPercent,
    queue: queueOf(pool),
    serving: servingRules(pool),
    waitMs: pool.waitMs,
    dial: pool.dial,
    isChecked: pool.healthCheck.checks.length > 0,
    backends: backends.map((backend, index) => ({
      slot: backend.slot,
      name: backend.config.name,
      weight: weightOf(backend),
      maxConnections: backend.config.maxConnections,
      tier: backend.config.tier,
      proxyProtocol: backend.config.proxyProtocol,
      seed: seeds[index] ?? 0,
      endpoints: backend.endpoints,
    })),
  };
}

/** The seed of each backend where clients are hashed. Several backends of one host are distinguished by their
 *  order: pools with the same servers at other ports agree. */
function seedsOf(by: HashedBy, backends: readonly Backend[]): readonly number[] {
  const seen = new Map<string, number>();
  return backends.map(({ config: { name, address } }) => {
    if (by === "name") return hashText(name);
    if (by === "endpoint" || address.kind === "unix") return hashText(formatAddress(address));
    const nth = seen.get(address.host) ?? 0;
    seen.set(address.host, nth + 1);
    return hashText(nth === 0 ? address.host : `${address.host}#${nth}`);
  });
}

// One for all of the pool's: a client waits for whichever backend has a place first.
function queueOf({ backends }: PoolConfig): GenerationPool["queue"] {
  const queues = backends.map(({ queue }) => queue).filter(({ size }) => size > 0);
  return {
    size: queues.reduce((sum, { size }) => sum + size, 0),
    timeoutMs: Math.max(0, ...queues.map(({ timeoutMs }) => timeoutMs)),
  };
}
