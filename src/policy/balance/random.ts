// The power of two choices: of two drawn by weight, the one with fewer sessions for its weight.
import type { Balancer } from "./balancer.ts";

/** Draws until two different ones are found; where one has nearly all the weight it is given up. */
const MAX_DRAWS = 8;

export const random: Balancer = ({ members, turns }, { random, isOpen, load }) => {
  const any = () => members[turns[Math.floor(random() * turns.length)] ?? 0];
  let best = -1;
  let bestLoad = 0;
  for (let draws = 0, found = 0; draws < MAX_DRAWS && found < 2; draws++) {
    const member = any();
    if (member === undefined || member.slot === best || !isOpen(member.slot)) continue;
    found++;
    const memberLoad = load(member.slot) / member.weight;
    if (best >= 0 && memberLoad >= bestLoad) continue;
    best = member.slot;
    bestLoad = memberLoad;
  }
  if (best >= 0) return best;
  // Hardly any is open: the first that is, from a place that chance finds.
  const start = Math.floor(random() * members.length);
  for (let i = 0; i < members.length; i++) {
    const { slot = -1 } = members[(start + i) % members.length] ?? {};
    if (isOpen(slot)) return slot;
  }
  return -1;
};
