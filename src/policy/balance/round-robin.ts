// Smooth weighted round robin: the ticket's turn in the schedule.
import type { Balancer } from "./balancer.ts";

export const roundRobin: Balancer = ({ turns }, { ticket }) => turns[ticket % turns.length] ?? 0;
