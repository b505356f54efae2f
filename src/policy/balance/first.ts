// The first that is open, in the order of the config: one is filled up before the next is used.
import type { Balancer } from "./balancer.ts";

export const first: Balancer = ({ members }, { isOpen }) =>
  members.find(({ slot }) => isOpen(slot))?.slot ?? -1;
