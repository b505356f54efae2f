// The listeners and pools that an import has read so far, before their common settings move to the top.
import type { Notebook, Quote } from "./note.ts";
import { bare, isSame, linesOf, traced, type Value } from "./traced.ts";

export type Times = Readonly<Record<string, Value>>;

export type ListenerDraft = {
  readonly quote: Quote;
  readonly name: string;
  /** All but its times. */
  readonly keys: Readonly<Record<string, Value>>;
  readonly timeouts: Times;
  /** Pools that its clients go to. */
  readonly pools: readonly string[];
};

export type PoolDraft = {
  readonly quote: Quote;
  readonly keys: Readonly<Record<string, Value>>;
  /** `connect` and `connect_total`. */
  readonly timeouts: Times;
  readonly retries: Value | null;
};

export type Draft = {
  readonly top: Readonly<Record<string, Value>>;
  /** Times of the whole process, such as `shutdown`. */
  readonly times: Times;
  readonly listeners: readonly ListenerDraft[];
  readonly pools: ReadonlyMap<string, PoolDraft>;
};

/** Without listeners that no client could use; what is left out is noted. */
export function usable(draft: Draft, notes: Notebook): Draft {
  const taken = new Map<string, ListenerDraft>();
  const listeners = draft.listeners.filter((listener) => {
    const { bind_address = "0.0.0.0", port = 0, unix = "", routes } = listener.keys;
    const key = JSON.stringify(bare([bind_address, port, unix]));
    const first = taken.get(key);
    if (first !== undefined) {
      notes.lost(listener.quote, `line ${first.quote.line} already listens on this address`);
      return false;
    }
    if (Array.isArray(routes) && routes.length === 0) {
      notes.lost(listener.quote, "no rule sends its clients to an existing backend");
      return false;
    }
    if (unix !== "" && listener.pools.some((name) => hasPortless(draft.pools.get(name)))) {
      notes.lost(
        listener.quote,
        "its backends have no port, and neither have clients of a unix socket",
      );
      return false;
    }
    taken.set(key, listener);
    return true;
  });
  return {
    ...draft,
    listeners: listeners.map((listener) => onSocket(listener, notes)),
    pools: new Map([...draft.pools].map(([name, pool]) => [name, withoutTwins(pool, notes)])),
  };
}

// A pool has one backend at an address.
function withoutTwins(pool: PoolDraft, notes: Notebook): PoolDraft {
  const { backends } = pool.keys;
  if (!Array.isArray(backends)) return pool;
  const seen = new Set<string>();
  const all = (backends as readonly Value[]).filter((backend) => {
    const { host = "", port = 0, unix = "" } = bare(backend) as Readonly<Record<string, Value>>;
    const key = JSON.stringify([host, port, unix]);
    const [quote = pool.quote] = linesOf(backend);
    if (seen.has(key))
      notes.differs(quote, "a pool has one backend at an address: the first one stays");
    return seen.size < seen.add(key).size;
  });
  return { ...pool, keys: { ...pool.keys, backends: all } };
}

function hasPortless(pool: PoolDraft | undefined): boolean {
  const backends = bare(pool?.keys.backends ?? []) as readonly { host?: string; port?: number }[];
  return backends.some(({ host, port }) => host !== undefined && port === undefined);
}

/** By the address of a client. */
const BY_ADDRESS = ["allow", "deny"];
const LIMITS_BY_ADDRESS = ["per_client", "rate_per_client"];

// Clients of a unix socket have no address unless a PROXY header announces one.
function onSocket(listener: ListenerDraft, notes: Notebook): ListenerDraft {
  const { unix, proxy_protocol, limits = {} } = listener.keys;
  if (unix === undefined || proxy_protocol !== undefined) return listener;
  const keys = omit(listener.keys, [...BY_ADDRESS, "limits"]);
  const kept = omit(limits as Readonly<Record<string, Value>>, LIMITS_BY_ADDRESS);
  const all = { ...keys, ...(Object.keys(kept).length > 0 && { limits: kept }) };
  if (!isSame(all, listener.keys)) {
    notes.differs(
      listener.quote,
      "clients of a unix socket have no address: lists and limits of clients are left out",
    );
  }
  return { ...listener, keys: all };
}

function omit(entries: Readonly<Record<string, Value>>, keys: readonly string[]) {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => !keys.includes(key)));
}

/** The whole file. */
export function assemble(draft: Draft): Readonly<Record<string, Value>> {
  const pools = [...draft.pools.values()];
  const retries = common(pools.map((pool) => pool.retries ?? undefined));
  const dialTimes = commonTimes(pools.map(({ timeouts }) => timeouts));
  const times = { ...dialTimes, ...commonTimes(draft.listeners.map(({ timeouts }) => timeouts)) };
  const atTop = { ...times, ...draft.times };
  return {
    ...(retries !== undefined && { retries }),
    ...(Object.keys(atTop).length > 0 && { timeouts: atTop }),
    ...draft.top,
    listeners: draft.listeners.map(({ name, quote, keys, timeouts }) => {
      const own = without(timeouts, times);
      return {
        name: traced(name, quote),
        ...keys,
        ...(Object.keys(own).length > 0 && { timeouts: own }),
      };
    }),
    pools: Object.fromEntries(
      [...draft.pools].map(([name, pool]) => [
        name,
        traced(poolKeys(pool, { retries, dialTimes }), pool.quote),
      ]),
    ),
  };
}

type Shared = { readonly retries: Value | undefined; readonly dialTimes: Times };

function poolKeys(pool: PoolDraft, { retries, dialTimes }: Shared): Record<string, Value> {
  const own = without(pool.timeouts, dialTimes);
  return {
    ...pool.keys,
    ...(retries === undefined && pool.retries !== null && { retries: pool.retries }),
    ...(Object.keys(own).length > 0 && { timeouts: own }),
  };
}

function commonTimes(all: readonly Times[]): Times {
  const keys = new Set(all.flatMap((times) => Object.keys(times)));
  const found = [...keys].map((key) => [key, common(all.map((times) => times[key]))] as const);
  return Object.fromEntries(
    found.filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}

/** The value that all have, with the lines of each; undefined: they differ. */
function common(values: readonly (Value | undefined)[]): Value | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  if (!values.every((value) => value !== undefined && isSame(value, first))) return undefined;
  const lines = new Set(values.flatMap((value) => (value === undefined ? [] : linesOf(value))));
  return traced(bare(first), ...lines);
}

function without(times: Times, shared: Times): Times {
  return Object.fromEntries(Object.entries(times).filter(([key]) => shared[key] === undefined));
}
