// Smooth weighted round robin: the ticket's turn in the schedule.
import type { Balancer } from "./balancer.ts";

export const roundRobin: Balancer = ({ members, turns }, { draw, isOpen }) => {
  // A turn that falls on one that is not open costs another ticket: skipping to its neighbour would
  // double that one's load.
  for (let draws = 0; draws < turns.length; draws++) {
    const slot = members[turns[draw() % turns.length] ?? 0]?.slot ?? -1;
    if (isOpen(slot)) return slot;
  }
  return -1;
};
