// The page: asks bal every two seconds how it is, listens to its events, and shows both.

import type { BackendStatus, PoolStatus, Series, Status } from "../../../api/admin-api.ts";
import { availability, badness } from "../../../api/availability.ts";
import type { Problem } from "../../../api/problems.ts";
import { Meter } from "../../../api/recent-rates.ts";
import {
  ageFigure,
  ageSince,
  countFigure,
  delayFigure,
  plural,
  rateFigure,
  sizeRateFigure,
} from "../../../base/figures.ts";
import { getHistory, getStatus, hasToken, readEvents, serverNowMs } from "./api.ts";
import { Panel } from "./chart.ts";
import { askToken, explain } from "./dialogs.ts";
import { arrange, byId, clockTime, dayAndTime, element, setClass, setText } from "./elements.ts";
import { showEvent } from "./event-list.ts";
import { Hour } from "./history-charts.ts";
import { BACKEND_COLUMNS, PoolSection } from "./pool-section.ts";
import { ListenersTable, tableOf } from "./tables.ts";

const LOOK_MS = 2000;
/** More backends than are seen at once. */
const MANY = 12;
const MAX_TROUBLES = 5;
/** A pool that is in trouble as a whole comes before those with bad backends. */
const WORST = 9;

const active = new Panel({ title: "Active connections", labels: [""], format: count });
const fresh = new Panel({
  title: "New connections",
  labels: ["/s", "refused"],
  format: rateFigure,
});
const bytes = new Panel({
  title: "Bytes",
  labels: ["in", "out"],
  format: sizeRateFigure,
  step: 1024,
});
const delays = new Panel({
  title: "Latency",
  labels: ["dial", "slowest check"],
  format: delayFigure,
});
byId("plots", "section").append(active.root, fresh.root, bytes.root, delays.root);

const listeners = new ListenersTable(byId("listeners", "div"));
const pools = new Map<string, PoolSection>();
const backends = tableOf("Backends", BACKEND_COLUMNS);
byId("backends", "div").append(backends);
const filter = byId("filter", "input");
const onlyProblems = byId("only-problems", "input");
const meter = new Meter();
const hour = new Hour();
let last: Status | null = null;
let refusedBefore: { readonly count: number; readonly ms: number } | null = null;
let refusedPerS: number | null = null;
let answeredAtMs = performance.now();
let nudge = (): void => {};
let isListening = false;

for (const input of [filter, onlyProblems]) input.addEventListener("input", showAgain);
addEventListener("resize", showAgain);
document.addEventListener("visibilitychange", () => nudge());
void run();

function showAgain(): void {
  if (last !== null) showPools(last);
}

async function run(): Promise<never> {
  for (;;) {
    // Nobody looks at a tab in the background; what it missed is in the history.
    if (!document.hidden) await look();
    await new Promise<void>((resolve) => {
      nudge = resolve;
      setTimeout(resolve, LOOK_MS);
    });
  }
}

async function look(): Promise<void> {
  const reply = await getStatus();
  if (reply.kind === "unauthorized") {
    const isWrong = hasToken();
    complain("bal asks for its admin token", "");
    askToken(isWrong ? "The token is wrong." : "", () => nudge());
    return;
  }
  if (reply.kind !== "ok") {
    // A time, not an age: an age would be read out with every change.
    const answeredAt = clockTime(Date.now() - (performance.now() - answeredAtMs));
    const since = last === null ? "" : `This is the state at ${answeredAt}. `;
    complain(explain(reply), `${since}Trying again every two seconds.`);
    return;
  }
  const status = reply.body;
  const isOther = last !== null && last.commit !== status.commit;
  // Another build has another page.
  if (isOther && document.querySelector("dialog[open]") === null) location.reload();
  if (status.pid !== last?.pid) hour.forget();
  await hour.refresh(getHistory);
  answeredAtMs = performance.now();
  meter.look(status, answeredAtMs);
  measureRefusals(status);
  last = status;
  setClass(document.body, "");
  show(status);
  if (!isListening) {
    isListening = true;
    void readEvents((event) => {
      showEvent(event);
      nudge();
    });
  }
}

function measureRefusals(status: Status): void {
  const counted = status.listeners.reduce((sum, { refused }) => sum + refused, 0);
  const before = status.pid === last?.pid ? refusedBefore : null;
  const seconds = before === null ? 0 : (answeredAtMs - before.ms) / 1000;
  if (before !== null && seconds < 0.5) return;
  refusedPerS = before === null ? null : Math.max(0, counted - before.count) / seconds;
  refusedBefore = { count: counted, ms: answeredAtMs };
}

function show(status: Status): void {
  showFacts(status);
  showVerdict(status);
  showPlots(status);
  const refusals = status.problems.filter(({ code }) => code.startsWith("refused-"));
  const refusing = new Set(refusals.map(({ subject }) => subject.replace(/^listener /, "")));
  listeners.show(status.listeners, refusing);
  showPools(status);
}

function showFacts({ version, phase, uptime_s, workers, pid, config }: Status): void {
  const words = [
    `${version}, ${phase === "draining" ? "draining, " : ""}up ${ageFigure(uptime_s)}`,
    plural(workers, "worker"),
    `generation ${config.generation}, loaded ${ageSince(config.loaded_at, serverNowMs())} ago`,
    config.file ?? "no config file",
    `pid ${pid}`,
  ];
  setText(byId("facts", "p"), words.join(" · "));
}

function showVerdict(status: Status): void {
  const { problems: troubles } = status;
  const up = availability(status);
  document.title = troubles.length === 0 ? "bal" : `(${troubles.length}) bal`;
  if (troubles.length === 0) return sayVerdict("good", [[`Nothing is wrong: ${up}`, ""]]);
  const lines = troubles.slice(0, MAX_TROUBLES).map(describe);
  const [[worst, toDo] = ["", ""], ...others] = lines;
  const more = troubles.length - lines.length;
  const rest: readonly Line[] = more > 0 ? [[`and ${more} more`, ""]] : [];
  sayVerdict("bad", [[`${worst} — ${up}`, toDo], ...others, ...rest]);
}

/** A message, and details in quieter type. */
type Line = readonly [what: string, more: string];

// An age would change the words, and have them read out, again and again.
function describe({ message, since, hint }: Problem): Line {
  return [message, `since ${dayAndTime(Date.parse(since))} · ${hint}`];
}

function complain(what: string, more: string): void {
  setClass(document.body, last === null ? "" : "stale");
  document.title = "(!) bal";
  sayVerdict("bad", [[what, more]]);
}

function sayVerdict(name: "good" | "bad", lines: readonly Line[]): void {
  const verdict = byId("verdict", "div");
  setClass(verdict, name);
  while (verdict.children.length > lines.length) verdict.lastElementChild?.remove();
  while (verdict.children.length < lines.length) {
    verdict.append(element("p", {}, [element("span"), " ", element("small")]));
  }
  for (const [index, [what, more]] of lines.entries()) {
    const [said, quiet] = verdict.children[index]?.children ?? [];
    if (said !== undefined) setText(said, what);
    if (quiet !== undefined) setText(quiet, more);
  }
}

function showPlots({ listeners: all, pools: each }: Status): void {
  const { times, spanMs, total } = hour;
  const now = meter.total();
  const slowest = each.flatMap(({ backends }) => backends.map(({ check_ms }) => check_ms ?? 0));
  active.show({ times, spanMs }, [total.active], [all.reduce((sum, one) => sum + one.active, 0)]);
  const rates = [total.connections_per_s, total.refused_per_s];
  fresh.show({ times, spanMs }, rates, [now.connectionsPerS, refusedPerS]);
  const sizes = [total.bytes_up_per_s, total.bytes_down_per_s];
  bytes.show({ times, spanMs }, sizes, [now.bytesUpPerS, now.bytesDownPerS]);
  const latest = [total.dial_ms.at(-1) ?? null, Math.max(0, ...slowest)];
  delays.show({ times, spanMs }, [total.dial_ms, total.check_ms], latest);
}

function showPools(status: Status): void {
  const all = status.pools.reduce((sum, pool) => sum + pool.backends.length, 0);
  const isMany = all > MANY;
  byId("filter-row", "div").hidden = !isMany;
  const wanted = isMany ? filter.value.trim().toLowerCase() : "";
  const troubled = new Set(status.problems.map(({ subject }) => subject));
  const isTroubled = (pool: string, backend: BackendStatus) =>
    badness(backend) > 0 || troubled.has(`${pool}/${backend.name}`);
  const hidesWell = isMany && onlyProblems.checked;
  const isShown = (pool: string, backend: BackendStatus) =>
    `${pool}/${backend.name} ${backend.state}`.toLowerCase().includes(wanted) &&
    (!hidesWell || isTroubled(pool, backend));
  const view = {
    listeners: status.listeners,
    lately: meter,
    trendOf: (pool: string, backend: string): Series | null => hour.trendOf(pool, backend),
    samples: hour.samples,
    nowMs: serverNowMs(),
    columns: visibleColumns(),
    isShown,
    onChange: () => nudge(),
  };
  let shown = 0;
  const worstOf = (pool: PoolStatus) =>
    Math.max(
      troubled.has(`pool ${pool.name}`) ? WORST : 0,
      ...pool.backends.map((backend) => (isTroubled(pool.name, backend) ? badness(backend) : 0)),
    );
  const sections = status.pools
    .toSorted((a, b) => worstOf(b) - worstOf(a))
    .map((pool) => {
      const section = pools.get(pool.name) ?? new PoolSection(pool.name);
      pools.set(pool.name, section);
      shown += section.show(pool, view);
      return section.root;
    });
  const kept = [...backends.children].filter(({ localName }) => localName !== "tbody");
  arrange(backends, [...kept, ...sections]);
  const none = byId("no-backends", "p");
  none.hidden = shown > 0 || all === 0;
  setText(none, emptiness(wanted, hidesWell));
  for (const [name, { root }] of pools) if (!root.isConnected) pools.delete(name);
}

/** A narrow window has room for fewer. */
function visibleColumns(): number {
  const heads = [...backends.querySelectorAll("thead th")];
  return heads.filter((head) => head.getClientRects().length > 0).length;
}

function emptiness(wanted: string, hidesWell: boolean): string {
  const which = wanted === "" ? "" : ` with “${wanted}” in its pool, name or state`;
  return `There is no backend${which}${hidesWell ? " that has a problem" : ""}.`;
}

function count(value: number | null): string {
  return value === null ? "-" : countFigure(value);
}
