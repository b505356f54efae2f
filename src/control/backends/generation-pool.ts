// What the workers are told of a pool.
import { formatAddress } from "../../base/address.ts";
import type { PoolConfig } from "../../config/config.ts";
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
  return {
    slot,
    name: pool.name,
    method: pool.method,
    boundPercent: pool.boundPercent,
    queue: queueOf(pool),
    serving: servingRules(pool),
    waitMs: pool.waitMs,
    isChecked: pool.healthCheck.checks.length > 0,
    backends: backends.map((backend) => ({
      slot: backend.slot,
      name: backend.config.name,
      weight: weightOf(backend),
      maxConnections: backend.config.maxConnections,
      tier: backend.config.tier,
      proxyProtocol: backend.config.proxyProtocol,
      seed: hashText(formatAddress(backend.config.address)),
      endpoints: backend.endpoints,
    })),
  };
}

// One for all of the pool's: a client waits for whichever backend has a place first.
function queueOf({ backends }: PoolConfig): GenerationPool["queue"] {
  const queues = backends.map(({ queue }) => queue).filter(({ size }) => size > 0);
  return {
    size: queues.reduce((sum, { size }) => sum + size, 0),
    timeoutMs: Math.max(0, ...queues.map(({ timeoutMs }) => timeoutMs)),
  };
}
