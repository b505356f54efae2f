// Method name → balancer.
import type { Method } from "../../config/config.ts";
import type { Balancer } from "./balancer.ts";
import { leastConnections } from "./least-connections.ts";
import { roundRobin } from "./round-robin.ts";

export const balancers = {
  round_robin: roundRobin,
  least_connections: leastConnections,
} satisfies Record<Method, Balancer>;
