// Shortest time to an answer of late, times the sessions that share it, for its weight. One of which
// nothing is known is tried at once, whatever the weights; while it is, it counts as the fastest.
import type { Balancer } from "./balancer.ts";
import { leastOf } from "./least-of.ts";

export const leastTime: Balancer = (schedule, facts) => {
  let fastest = Number.POSITIVE_INFINITY;
  for (const { slot } of schedule.members) {
    const timeMs = facts.timeMs(slot);
    if (timeMs > 0 && timeMs < fastest) fastest = timeMs;
  }
  if (fastest === Number.POSITIVE_INFINITY) fastest = 1;
  return leastOf(schedule, facts, ({ slot, weight }) => {
    const timeMs = facts.timeMs(slot);
    const load = facts.load(slot);
    return (timeMs > 0 ? timeMs * (load + 1) : fastest * load) / weight;
  });
};
