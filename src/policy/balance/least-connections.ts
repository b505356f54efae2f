// Fewest sessions for its weight; among equals, in turn.
import type { Balancer } from "./balancer.ts";

export const leastConnections: Balancer = ({ members }, { ticket, load }) => {
  let best = -1;
  let bestLoad = Number.POSITIVE_INFINITY;
  for (let i = 0; i < members.length; i++) {
    const member = members[(ticket + i) % members.length];
    if (member === undefined) continue;
    const share = load(member.slot) / member.weight;
    if (best >= 0 && share >= bestLoad) continue;
    best = member.slot;
    bestLoad = share;
  }
  return best;
};
