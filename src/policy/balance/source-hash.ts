// Weighted rendezvous hashing: each client has an order of preference among the backends that only
// its address and theirs decide. Any number of bals choose alike without talking; without one of N
// backends only its own clients move.
// (Thaler and Ravishankar 1998; the weights after Schindelhauer and Schomaker 2005; the bound after
// Mirrokni, Thorup and Zadimoghaddam 2016.)
import type { Balancer, Facts } from "./balancer.ts";
import { mix } from "./hash.ts";
import type { Member, Schedule } from "./schedule.ts";

export const sourceHash: Balancer = (schedule, facts) => {
  const capacity = facts.boundPercent === 0 ? null : boundedCapacity(schedule, facts);
  let best = -1;
  let bestScore = -1;
  for (const member of schedule.members) {
    const { slot, weight } = member;
    if (!facts.isOpen(slot)) continue;
    if (capacity !== null && facts.load(slot) + 1 > Math.ceil(capacity * weight)) continue;
    const score = scoreOf(member, facts.key);
    if (score <= bestScore) continue;
    best = slot;
    bestScore = score;
  }
  return best;
};

/** Larger is preferred. Of all members' scores for a key, each is the largest in its weight's share. */
function scoreOf({ seed, weight }: Member, key: number): number {
  const uniform = (mix(key, seed) + 0.5) / 2 ** 32;
  return -weight / Math.log(uniform);
}

/** Sessions that a weight of one may have. */
function boundedCapacity({ members }: Schedule, { load, boundPercent }: Facts): number {
  let sessions = 1;
  let weights = 0;
  for (const { slot, weight } of members) {
    sessions += load(slot);
    weights += weight;
  }
  return (sessions / weights) * (boundPercent / 100);
}
