// The open member that costs least; among equals, in turn.
import type { Facts } from "./balancer.ts";
import type { Member, Schedule } from "./schedule.ts";

export function leastOf(
  { members }: Schedule,
  { draw, isOpen }: Facts,
  cost: (member: Member) => number,
): number {
  const first = draw();
  let best = -1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let i = 0; i < members.length; i++) {
    const member = members[(first + i) % members.length];
    if (member === undefined || !isOpen(member.slot)) continue;
    const memberCost = cost(member);
    if (best >= 0 && memberCost >= bestCost) continue;
    best = member.slot;
    bestCost = memberCost;
  }
  return best;
}
