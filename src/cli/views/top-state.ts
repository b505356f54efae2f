// The state of `bal top`, and how each key changes it. Knows no terminal and no daemon.
import type { BackendStatus, Status } from "../../api/admin-api.ts";
import { badness } from "../../api/availability.ts";
import type { Lately, Recent } from "../../api/recent-rates.ts";
import { type NewWeight, type Prompt, typeInto } from "./top-prompt.ts";

export type TopState = {
  readonly view: "backends" | "sessions" | "details" | "help";
  readonly sort: SortName;
  readonly isReversed: boolean;
  readonly sessionSort: "bytes" | "age";
  /** A row's key; null: the first one. */
  readonly selected: string | null;
  /** That waits for its `y`. */
  readonly question: Question | null;
  /** The line that is being typed. */
  readonly prompt: Prompt | null;
  /** Only rows with it are shown; empty: all. */
  readonly filter: string;
};

export type Question = DrainQuestion | { readonly kind: "kill"; readonly id: string };

export type DrainQuestion = {
  readonly kind: "drain";
  readonly pool: string;
  readonly backend: string;
  readonly active: number;
  /** False: it is taken back. */
  readonly drain: boolean;
};

/** The effect to carry out besides. */
export type Effect =
  | { readonly kind: "quit" | "suspend" | "look" }
  | DrainQuestion
  | { readonly kind: "kill"; readonly id: string }
  | NewWeight;

export type Row = {
  readonly key: string;
  readonly pool: string;
  readonly backend: BackendStatus;
  readonly recent: Recent;
};

export const FIRST: TopState = {
  view: "backends",
  sort: "state",
  isReversed: false,
  sessionSort: "bytes",
  selected: null,
  question: null,
  prompt: null,
  filter: "",
};

type Order = (a: Row, b: Row) => number;

/** The most comes first; names in their order. */
const most =
  (of: (row: Row) => number): Order =>
  (a, b) =>
    of(b) - of(a);

/** In the order in which `s` goes through them; the title of the column each is marked at. */
const ORDERS = {
  state: { title: "STATE", order: most(({ backend }) => badness(backend)) },
  active: { title: "ACTIVE", order: most(({ backend }) => backend.active) },
  rate: { title: "NEW/S", order: most(({ recent }) => recent.connectionsPerS ?? -1) },
  in: { title: "IN/S", order: most(({ recent }) => recent.bytesUpPerS ?? -1) },
  out: { title: "OUT/S", order: most(({ recent }) => recent.bytesDownPerS ?? -1) },
  total: { title: "TOTAL", order: most(({ backend }) => backend.total) },
  errors: { title: "DIAL ERRORS", order: most(({ backend }) => backend.dial_errors) },
  name: { title: "BACKEND", order: (a, b) => a.backend.name.localeCompare(b.backend.name) },
} as const satisfies Record<string, { readonly title: string; readonly order: Order }>;

type SortName = keyof typeof ORDERS;

const SORTS = Object.keys(ORDERS) as readonly SortName[];

export function sortTitle(sort: SortName): string {
  return ORDERS[sort].title;
}

/** Those that are alike stay in the order of the config. */
export function rowsOf({ pools }: Status, lately: Lately, state: TopState): readonly Row[] {
  const rows = pools.flatMap(({ name: pool, backends }) =>
    backends.map((backend) => ({
      key: JSON.stringify([pool, backend.name]),
      pool,
      backend,
      recent: lately.backend(pool, backend.name),
    })),
  );
  const { order } = ORDERS[state.sort];
  const shown = rows.filter(({ pool, backend: { name, state: word } }) =>
    isShown(state, `${pool}/${name} ${word}`),
  );
  return shown.toSorted(state.isReversed ? (a, b) => order(b, a) : order);
}

/** Has a row's text every word of the filter? */
export function isShown({ filter }: TopState, text: string): boolean {
  const words = filter.toLowerCase().split(/\s+/);
  return words.every((word) => text.toLowerCase().includes(word));
}

/** Where the selection is: one that has gone leaves it at the first. */
export function selectedIndex(keys: readonly string[], { selected }: TopState): number {
  return selected === null ? 0 : Math.max(0, keys.indexOf(selected));
}

export type Seen = {
  /** The keys of the rows in the view that is shown. */
  readonly keys: readonly string[];
  readonly rows: readonly Row[];
  /** Rows that are on the screen at once. */
  readonly page: number;
};

type Pressed = { readonly state: TopState; readonly effect: Effect | null };

export function press(state: TopState, key: string, seen: Seen): Pressed {
  if (key === "ctrl-c") return { state, effect: { kind: "quit" } };
  if (key === "ctrl-z") return { state, effect: { kind: "suspend" } };
  if (state.question !== null) return answer(state, state.question, key);
  if (state.prompt !== null) return typeInto(state, state.prompt, key);
  const next = (changes: Partial<TopState>) => ({ state: { ...state, ...changes }, effect: null });
  const isPage = state.view === "details" || state.view === "help";
  if (isPage && ["escape", "enter", "?", "tab"].includes(key)) return next({ view: "backends" });
  if (key === "?") return next({ view: "help" });
  if (isPage && !["q", "d", "w"].includes(key)) return next({});
  const moved = move(state, key, seen);
  if (moved !== null) return next({ selected: moved });
  switch (key) {
    case "q":
      return { state, effect: { kind: "quit" } };
    case "s":
      return state.view === "backends"
        ? next({ sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] ?? "state" })
        : relook(state, { sessionSort: state.sessionSort === "bytes" ? "age" : "bytes" });
    case "r":
      return next({ isReversed: !state.isReversed });
    case "v":
    case "tab":
      return relook(state, {
        view: state.view === "backends" ? "sessions" : "backends",
        selected: null,
      });
    case "d":
      return next({ question: questionOf(state, seen) });
    case "w":
      return next({ prompt: weightPrompt(state, seen) });
    case "/":
      return next({ prompt: { kind: "filter", text: state.filter } });
    case "escape":
      return next({ filter: "" });
    case "K":
      return next({ question: killQuestion(state, seen) });
    case "enter":
      return state.view === "backends" && seen.rows.length > 0
        ? relook(state, { view: "details" })
        : next({});
    default:
      return next({});
  }
}

function relook(state: TopState, changes: Partial<TopState>): Pressed {
  return { state: { ...state, ...changes }, effect: { kind: "look" } };
}

// Anything but yes is no.
function answer(state: TopState, question: Question, key: string): Pressed {
  const isYes = key === "y" || key === "Y";
  return { state: { ...state, question: null }, effect: isYes ? question : null };
}

function questionOf(state: TopState, { rows }: Seen): Question | null {
  const row = selectedRow(state, rows);
  if (row === null) return null;
  const { pool, backend } = row;
  const drain = backend.state !== "draining";
  return { kind: "drain", pool, backend: backend.name, active: backend.active, drain };
}

function weightPrompt(state: TopState, { rows }: Seen): Prompt | null {
  const row = selectedRow(state, rows);
  if (row === null) return null;
  return { kind: "weight", text: "", pool: row.pool, backend: row.backend.name };
}

function killQuestion(state: TopState, { keys }: Seen): Question | null {
  const id = state.view === "sessions" ? keys[selectedIndex(keys, state)] : undefined;
  return id === undefined ? null : { kind: "kill", id };
}

/** The backend that keys are about; null: there is none, or sessions are shown. */
export function selectedRow(state: TopState, rows: readonly Row[]): Row | null {
  if (state.view === "sessions") return null;
  const keys = rows.map(({ key }) => key);
  return rows[selectedIndex(keys, state)] ?? null;
}

/** The key of the row that is selected next; null: this is no such key. */
function move(state: TopState, key: string, { keys, page }: Seen): string | null {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    "page-up": -page,
    "page-down": page,
    home: -keys.length,
    g: -keys.length,
    end: keys.length,
    G: keys.length,
  };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  if (step === undefined) return null;
  const index = selectedIndex(keys, state) + step;
  return keys[Math.min(Math.max(0, index), keys.length - 1)] ?? null;
}
