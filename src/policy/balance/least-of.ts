// The open member that costs least; among equals, in turn.
import type { Facts } from "./balancer.ts";
import type { Member, Schedule } from "./schedule.ts";

export function leastOf(
  { members }: Schedule,
  { draw, isOpen }: Facts,
  cost: (member: Member) => number,
): number {
  const { length } = members;
  const first = draw() % length;
  let best = -1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const member = members[first + i < length ? first + i : first + i - length];
    if (member === undefined) continue;
    const memberCost = cost(member);
    // Who would not win is not asked whether it is open.
    if (best >= 0 && memberCost >= bestCost) continue;
    if (!isOpen(member.slot)) continue;
    best = member.slot;
    bestCost = memberCost;
  }
  return best;
}
