// Method name → balancer.
import type { Method } from "../../config/config.ts";
import type { Balancer } from "./balancer.ts";
import { first } from "./first.ts";
import { leastConnections } from "./least-connections.ts";
import { leastTime } from "./least-time.ts";
import { random } from "./random.ts";
import { roundRobin } from "./round-robin.ts";
import { sourceHash } from "./source-hash.ts";

export const balancers = {
  round_robin: roundRobin,
  least_connections: leastConnections,
  random,
  source_hash: sourceHash,
  least_time: leastTime,
  first,
} satisfies Record<Method, Balancer>;
