// All questions, in the order in which they are asked.
import { accessLog } from "./access-log.ts";
import { bulk } from "./bulk.ts";
import { connections } from "./connections.ts";
import { failover } from "./failover.ts";
import { idleMemory } from "./idle-memory.ts";
import { keptRequests } from "./kept-requests.ts";
import { latency } from "./latency.ts";
import type { Question } from "./question.ts";
import { reload } from "./reload.ts";
import { routed } from "./routed.ts";
import { scaling } from "./scaling.ts";
import { start } from "./start.ts";
import { routedWarmUp, warmUp } from "./warm-up.ts";

export type { Question };

export const questions: readonly Question[] = [
  keptRequests,
  connections,
  routed,
  warmUp,
  routedWarmUp,
  accessLog,
  bulk,
  latency,
  idleMemory,
  start,
  scaling,
  failover,
  reload,
];
