// Fewest sessions for its weight; among equals, in turn.
import type { Balancer } from "./balancer.ts";
import { leastOf } from "./least-of.ts";

export const leastConnections: Balancer = (schedule, facts) =>
  leastOf(schedule, facts, ({ slot, weight }) => facts.load(slot) / weight);
