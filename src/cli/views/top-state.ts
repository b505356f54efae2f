// What `bal top` stands at, and what each key makes of it. Knows no terminal and no daemon.
import type { BackendStatus, Status } from "../../api/admin-api.ts";
import { badness } from "../../api/availability.ts";
import type { Lately, Recent } from "../../api/recent-rates.ts";

export type TopState = {
  readonly view: "backends" | "sessions";
  readonly sort: SortName;
  readonly isReversed: boolean;
  readonly sessionSort: "bytes" | "age";
  /** A row's key; null: the first one. */
  readonly selected: string | null;
  /** That waits for its `y`. */
  readonly question: Question | null;
};

export type Question = {
  readonly pool: string;
  readonly backend: string;
  readonly active: number;
  /** False: it is taken back. */
  readonly drain: boolean;
};

/** What is to be done besides. */
export type Effect =
  | { readonly kind: "quit" | "suspend" | "look" }
  | { readonly kind: "drain"; readonly question: Question };

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
  errors: { title: "ERRORS", order: most(({ backend }) => backend.dial_errors) },
  name: { title: "BACKEND", order: (a, b) => a.backend.name.localeCompare(b.backend.name) },
} as const satisfies Record<string, { readonly title: string; readonly order: Order }>;

export type SortName = keyof typeof ORDERS;

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
  return rows.toSorted(state.isReversed ? (a, b) => order(b, a) : order);
}

/** Where the selection is: one that has gone leaves it at the first. */
export function selectedIndex(keys: readonly string[], { selected }: TopState): number {
  return selected === null ? 0 : Math.max(0, keys.indexOf(selected));
}

export type Seen = {
  /** Of the view that is shown. */
  readonly keys: readonly string[];
  readonly rows: readonly Row[];
  /** Rows that are on the screen at once. */
  readonly page: number;
};

export type Pressed = { readonly state: TopState; readonly effect: Effect | null };

export function press(state: TopState, key: string, seen: Seen): Pressed {
  if (key === "ctrl-c") return { state, effect: { kind: "quit" } };
  if (key === "ctrl-z") return { state, effect: { kind: "suspend" } };
  if (state.question !== null) return answer(state, state.question, key);
  const next = (changes: Partial<TopState>) => ({ state: { ...state, ...changes }, effect: null });
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
  const effect = isYes ? ({ kind: "drain", question } as const) : null;
  return { state: { ...state, question: null }, effect };
}

function questionOf(state: TopState, { rows }: Seen): Question | null {
  if (state.view !== "backends") return null;
  const keys = rows.map(({ key }) => key);
  const row = rows[selectedIndex(keys, state)];
  if (row === undefined) return null;
  const { pool, backend } = row;
  const drain = backend.state !== "draining";
  return { pool, backend: backend.name, active: backend.active, drain };
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
