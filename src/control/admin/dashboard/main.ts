// The page: asks bal every two seconds how it is, listens to its events, and shows both.

import type { BackendStatus, Series, Status } from "../../../api/admin-api.ts";
import { availability } from "../../../api/availability.ts";
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
import { arrange, byId, clockTime, element, setClass, setText } from "./elements.ts";
import { showEvent } from "./event-list.ts";
import { Hour } from "./history-charts.ts";
import { PoolSection } from "./pool-section.ts";
import { ListenersTable } from "./tables.ts";

const LOOK_MS = 2000;
/** More backends than are seen at once. */
const MANY = 12;
const MAX_TROUBLES = 5;

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
const filter = byId("filter", "input");
const meter = new Meter();
const hour = new Hour();
let last: Status | null = null;
let refusedBefore: { readonly count: number; readonly ms: number } | null = null;
let refusedPerS: number | null = null;
let answeredAtMs = performance.now();
let nudge = (): void => {};
let isListening = false;

filter.addEventListener("input", () => last !== null && showPools(last));
document.addEventListener("visibilitychange", () => nudge());
void run();

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
    askToken(isWrong ? "This is not the token of this bal." : "", () => nudge());
    return;
  }
  if (reply.kind !== "ok") {
    // A time, not an age: an age would be read out with every change.
    const answeredAt = clockTime(Date.now() - (performance.now() - answeredAtMs));
    const since = last === null ? "" : `What is shown is from ${answeredAt}. `;
    complain(explain(reply), `${since}Asking again every two seconds.`);
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
  listeners.show(status.listeners);
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
  const shown = troubles.slice(0, MAX_TROUBLES).map(describe);
  const more = troubles.length - shown.length;
  const lines = [
    troubles.length === 0 ? `Nothing is wrong: ${up}` : `${shown[0]} — ${up}`,
    ...shown.slice(1),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
  sayVerdict(troubles.length === 0 ? "good" : "bad", lines);
}

// An age would change the words, and have them read out, again and again: the rows have it.
function describe({ message }: Problem): string {
  return message;
}

function complain(what: string, more: string): void {
  setClass(document.body, last === null ? "" : "stale");
  document.title = "(!) bal";
  sayVerdict("bad", more === "" ? [what] : [what, more]);
}

function sayVerdict(name: "good" | "bad", lines: readonly string[]): void {
  const verdict = byId("verdict", "div");
  setClass(verdict, name);
  while (verdict.children.length > lines.length) verdict.lastElementChild?.remove();
  while (verdict.children.length < lines.length) verdict.append(element("p"));
  for (const [index, line] of lines.entries()) {
    const paragraph = verdict.children[index];
    if (paragraph !== undefined) setText(paragraph, line);
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
  const backends = status.pools.reduce((sum, pool) => sum + pool.backends.length, 0);
  byId("filter-row", "div").hidden = backends <= MANY;
  const wanted = filter.value.trim().toLowerCase();
  const isShown = (pool: string, { name, state }: BackendStatus) =>
    wanted === "" || `${pool}/${name} ${state}`.toLowerCase().includes(wanted);
  const view = {
    listeners: status.listeners,
    lately: meter,
    trendOf: (pool: string, backend: string): Series | null => hour.trendOf(pool, backend),
    samples: hour.samples,
    nowMs: serverNowMs(),
    isShown,
    onChange: () => nudge(),
  };
  const sections = status.pools.map((pool) => {
    const section = pools.get(pool.name) ?? new PoolSection(pool.name);
    pools.set(pool.name, section);
    section.show(pool, view);
    return section.root;
  });
  arrange(byId("pools", "div"), sections);
  for (const [name, { root }] of pools) if (!root.isConnected) pools.delete(name);
}

function count(value: number | null): string {
  return value === null ? "-" : countFigure(value);
}
