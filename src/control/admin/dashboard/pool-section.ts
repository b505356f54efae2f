// A pool as a part of the one table of backends: whom it gets its clients from, and its rows, the worst
// first. A look only changes what differs.

import type { BackendStatus, ListenerStatus, PoolStatus, Series } from "../../../api/admin-api.ts";
import { badness, isAvailable } from "../../../api/availability.ts";
import { clientsFor } from "../../../api/destination.ts";
import { overrideNotes } from "../../../api/override-notes.ts";
import type { Lately } from "../../../api/recent-rates.ts";
import {
  ageSince,
  countFigure,
  delayFigure,
  plural,
  rateFigure,
  sizeRateFigure,
} from "../../../base/figures.ts";
import { setDrain } from "./api.ts";
import { drawSpark, spark } from "./chart.ts";
import { ask } from "./dialogs.ts";
import { arrange, element, setClass, setText } from "./elements.ts";
import type { Column } from "./tables.ts";

type PoolView = {
  readonly listeners: readonly ListenerStatus[];
  readonly lately: Lately;
  /** As far back as `samples` go, or less. */
  readonly trendOf: (pool: string, backend: string) => Series | null;
  readonly samples: number;
  readonly nowMs: number;
  /** Those that the window has room for. */
  readonly columns: number;
  readonly isShown: (pool: string, backend: BackendStatus) => boolean;
  /** Called when something was changed by hand. */
  readonly onChange: () => void;
};

/** Those between the name and the button. */
const FIGURES: readonly Column[] = [
  { title: "Since", class: "number rank-1" },
  { title: "Weight", class: "number rank-3" },
  { title: "Active", class: "number" },
  { title: "New/s", class: "number rank-1" },
  { title: "In/s", class: "number wide rank-2" },
  { title: "Out/s", class: "number wide rank-2" },
  { title: "Total", class: "number rank-3" },
  { title: "Dial errors", class: "number rank-4" },
  { title: "Check", class: "number rank-3" },
];

export const BACKEND_COLUMNS: readonly Column[] = [
  { title: "State", class: "state-column" },
  { title: "Backend", class: "named" },
  ...FIGURES,
  { title: "Trend of new/s", class: "spark rank-2" },
  { title: "Action", class: "act" },
];

export class PoolSection {
  readonly root = element("tbody");
  private readonly head = element("th", { scope: "rowgroup" });
  private readonly headRow = element("tr", { class: "pool-row" }, [this.head]);
  private readonly method = element("span", { class: "quiet" });
  private readonly health = element("span");
  private readonly from = element("span", { class: "from" });
  private readonly none = element("td", { class: "quiet" });
  private readonly noneRow = element("tr", {}, [this.none]);
  private readonly rows = new Map<string, BackendRow>();
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
    const parts = [element("strong", {}, [name]), this.method, this.health, this.from];
    this.head.append(element("div", { class: "row" }, parts));
  }

  /** Returns how many backends it shows. */
  show({ name, method, backends, discover }: PoolStatus, view: PoolView): number {
    for (const cell of [this.head, this.none]) cell.colSpan = view.columns;
    const available = backends.filter(isAvailable).length;
    setText(this.method, method);
    setText(this.health, `${available} of ${backends.length} available`);
    setClass(this.health, available === 0 ? "outage" : "quiet");
    const words = view.listeners.flatMap((one) => {
      const clients = clientsFor(one, name);
      if (clients === null) return [];
      const some = clients === "all" ? "" : ` (${clients})`;
      return `${one.name} ${one.address}${some} → ${name}`;
    });
    setText(this.from, words.length === 0 ? "no listener sends it clients" : words.join(", "));
    const shown = backends
      .filter((backend) => view.isShown(name, backend))
      .toSorted((a, b) => badness(b) - badness(a));
    const rows = shown.map((backend) => {
      const row = this.rows.get(backend.name) ?? new BackendRow(name);
      this.rows.set(backend.name, row);
      row.show(backend, view, available);
      return row.root;
    });
    const isEmpty = backends.length === 0;
    if (isEmpty) setText(this.none, emptiness(discover));
    arrange(this.root, [this.headRow, ...(isEmpty ? [this.noneRow] : rows)]);
    this.root.hidden = shown.length === 0 && !isEmpty;
    for (const [key, { root }] of this.rows)
      if (root.parentNode !== this.root) this.rows.delete(key);
    return shown.length;
  }
}

function emptiness(discover: PoolStatus["discover"]): string {
  if (discover === undefined) return "It has no backend: none is configured.";
  const { name, error } = discover;
  return `It has no backend: ${name} ${error === null ? "has no answer yet" : `does not resolve (${error})`}.`;
}

class BackendRow {
  readonly root: HTMLElement;
  private readonly state = element("span", { class: "state" });
  private readonly label = element("span", { class: "name" });
  private readonly why = element("span", { class: "why" });
  private readonly figures = FIGURES.map(({ class: name = "" }) => element("td", { class: name }));
  private readonly spark = spark();
  private readonly button = element("button", { type: "button" });
  private readonly pool: string;
  private trend: Series | null = null;
  private backend: BackendStatus | null = null;
  private isLast = false;
  private onChange = (): void => {};

  constructor(pool: string) {
    this.pool = pool;
    this.root = element("tr", {}, [
      element("td", { class: "state-column" }, [this.state]),
      element("th", { scope: "row", class: "named" }, [this.label, this.why]),
      ...this.figures,
      element("td", { class: "spark rank-2" }, [this.spark]),
      element("td", { class: "act" }, [this.button]),
    ]);
    this.button.addEventListener("click", () => this.confirm());
  }

  show(backend: BackendStatus, view: PoolView, available: number): void {
    const { name, state, since, reason, weight, active, total, dial_errors, check_ms } = backend;
    const recent = view.lately.backend(this.pool, name);
    this.backend = backend;
    this.onChange = view.onChange;
    this.isLast = available === 1 && isAvailable(backend);
    setClass(this.root, state);
    setText(this.state, state);
    setText(this.label, name);
    this.label.title = name;
    setText(this.why, [reason ?? [], overrideNotes(backend)].flat().join("; "));
    const texts = [
      `${ageSince(since, view.nowMs)} ago`,
      String(weight),
      countFigure(active),
      rateFigure(recent.connectionsPerS),
      sizeRateFigure(recent.bytesUpPerS),
      sizeRateFigure(recent.bytesDownPerS),
      countFigure(total),
      countFigure(dial_errors),
      delayFigure(check_ms),
    ];
    for (const [index, cell] of this.figures.entries()) setText(cell, texts[index] ?? "");
    const verb = state === "draining" ? "Undrain" : "Drain";
    setText(this.button, verb);
    this.button.setAttribute("aria-label", `${verb} ${this.pool}/${name}`);
    const trend = view.trendOf(this.pool, name);
    if (trend === this.trend || trend === null) return;
    this.trend = trend;
    drawSpark(this.spark, trend, view.samples);
  }

  private confirm(): void {
    const { backend, pool, isLast } = this;
    if (backend === null) return;
    const { name, state, active } = backend;
    const drain = state !== "draining";
    const those =
      active === 0
        ? "It has no connections now."
        : `Its ${plural(active, "connection")} may finish.`;
    const left = `It gets no new connections. ${those}`;
    const last = `It is the last available backend of ${pool}: new clients will be refused.`;
    ask({
      title: `${drain ? "Drain" : "Undrain"} ${pool}/${name}?`,
      text: drain ? (isLast ? `${left} ${last}` : left) : "It gets new connections again.",
      verb: drain ? "Drain" : "Undrain",
      act: async () => {
        const reply = await setDrain(pool, name, drain);
        this.onChange();
        return reply;
      },
    });
  }
}
