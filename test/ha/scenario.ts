// What clients see while something happens to a bal host: before it, during it, and until each of them has
// been served after it.
import { until } from "../support/until.ts";
import { Caller, type Outcome, Stream, type Target } from "./clients.ts";
import { ADDRESSES, type Network } from "./network.ts";

/** Connections that are open when it happens. */
export const HELD = 50;

/** How many may be in flight at the instant of a switch: one is begun every 5 ms, and lasts a few. */
export const IN_FLIGHT = 20;

export type Scenario = {
  readonly title: string;
  readonly network: Network;
  readonly target: Target;
  /** The backend of each client, from scenario to scenario. */
  readonly homes: Map<string, string>;
  /** What happens. */
  readonly act: () => unknown;
  /** Whether the others have been told. */
  readonly isOver: () => boolean;
};

export type Seen = Outcome & {
  /** From what happened until others had been told. */
  readonly switchedMs: number;
  /** From what happened until the last connection began that was lost. */
  readonly lostForMs: number;
  /** Of those that were open on each bal when it happened. */
  readonly heldBy: readonly number[];
  /** Of those that were open: how many still answer. */
  readonly survivors: number;
};

export async function play(scenario: Scenario): Promise<Seen> {
  const { title, network, target, homes, act, isOver } = scenario;
  const callers: Caller[] = [];
  const heldBy = await acceptedMeanwhile(network, async () => {
    for (const from of ADDRESSES.slice(0, HELD)) {
      callers.push(new Caller(network.clients, from, target));
    }
    await Promise.all(callers.map((caller) => caller.ask()));
  });
  using stream = new Stream(network.clients, ADDRESSES, target);
  await until("each client is served", () => stream.hasServedAllSince(0));
  const happenedAt = performance.now();
  const acting = act();
  await until(`${title}: the others know`, isOver);
  const overAt = performance.now();
  await until("each client is served again", () => stream.hasServedAllSince(overAt));
  const outcome = await stream.finish(homes);
  await acting;
  const answers = await Promise.all(callers.map((caller) => caller.ask()));
  for (const caller of callers) caller.hangUp();
  const seen = {
    ...outcome,
    switchedMs: overAt - happenedAt,
    lostForMs: Math.max(0, outcome.lastLostAt - happenedAt),
    heldBy,
    survivors: answers.filter((answer) => "backend" in answer).length,
  };
  console.info(`${title}: ${wordsOf(seen)}`);
  return seen;
}

/** How many connections each bal accepts while this goes on; none for one that does not run. */
async function acceptedMeanwhile(
  { bals }: Network,
  work: () => Promise<void>,
): Promise<readonly number[]> {
  const counts = () => Promise.all(bals.map((host) => host.accepted()));
  const before = await counts();
  await work();
  const after = await counts();
  return after.map((count, i) => count - before[i]!);
}

function wordsOf(seen: Seen): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const ways = Object.entries(seen.lost).map(([how, count]) => `${count} ${how}`);
  return [
    `switched after ${seconds(seen.switchedMs)}`,
    `${seen.lostInAll} of ${seen.connections} lost${ways.length > 0 ? ` (${ways.join(", ")})` : ""}`,
    `the last after ${seconds(seen.lostForMs)}`,
    `the slowest took ${Math.round(seen.slowestMs)} ms`,
    `${seen.survivors} of ${HELD} open ones live on`,
  ].join(", ");
}
