// A `frontend`, or the front of a `listen` → listeners: one for each address.
import type { ListenerDraft } from "../draft/draft.ts";
import { durationText } from "../draft/durations.ts";
import type { Notebook } from "../draft/note.ts";
import { poolOf } from "../draft/routes.ts";
import { bare, isSame, linesOf, type Traced, traced, type Value } from "../draft/traced.ts";
import type { Pool } from "./backend.ts";
import { takeTime } from "./backend.ts";
import { type Bind, readBind } from "./bind.ts";
import type { FrontendRules } from "./rules.ts";
import type { Section } from "./sections.ts";
import { parseTime } from "./times.ts";

type Front = {
  readonly section: Section;
  readonly name: string;
  readonly rules: FrontendRules;
  /** By name, those that its clients may go to. */
  readonly pools: ReadonlyMap<string, Pool>;
  readonly notes: Notebook;
};

export function readBinds(section: Section, notes: Notebook): readonly Bind[] {
  const lines = section.takeOwn("bind");
  const [, , address] = section.head.words;
  const old = address !== undefined && /:\d+(?:-\d+)?$/.test(address) ? [section.head] : [];
  const inHead = old.map((line) => ({
    ...line,
    words: ["bind", address ?? ""] as [string, string],
  }));
  return dualStack([...inHead, ...lines].flatMap((line) => readBind(line, notes)));
}

// `*:443` and `:::443` are one dual-stack listener.
function dualStack(binds: readonly Bind[]): readonly Bind[] {
  const isAny = ({ address }: Bind, ip: string, port: unknown) =>
    address.kind === "tcp" && address.ip === ip && address.port === port;
  return binds.filter(({ address }) => {
    if (address.kind !== "tcp" || address.ip !== "0.0.0.0") return true;
    return !binds.some((other) => isAny(other, "::", address.port));
  });
}

export function listenersOf(binds: readonly Bind[], front: Front): readonly ListenerDraft[] {
  const { section, name, rules, notes } = front;
  const most = section.takeLast("maxconn");
  const rate = section.takeLast("rate-limit", "sessions");
  const target = targetKeys(front);
  const timeouts = timesOf(front);
  const pools = [...front.pools.keys()];
  if (rate !== null) notes.differs(rate, "HAProxy lets clients above it wait; bal refuses them");
  return binds.map((bind, index) => {
    const limits = {
      ...(most !== null &&
        Number(most.words[1]) > 0 && { max_connections: traced(Number(most.words[1]), most) }),
      ...(bind.maxConnections !== null && {
        max_connections: traced(bind.maxConnections, bind.line),
      }),
      ...(rate !== null &&
        Number(rate.words[2]) > 0 && { rate: traced(`${rate.words[2]}/s`, rate) }),
      ...rules.admission.limits,
    };
    const user = bind.userTimeoutMs;
    const userTime = user === null ? {} : { user: traced(durationText(user), bind.line) };
    return {
      quote: bind.line,
      name: index === 0 ? name : `${name}-${index + 1}`,
      keys: {
        ...addressKeys(bind),
        ...target,
        ...bind.keys,
        ...trustKeys(bind, rules, notes),
        ...listKeys(rules),
        ...(Object.keys(limits).length > 0 && { limits }),
      },
      timeouts: { ...timeouts, ...userTime },
      pools,
    };
  });
}

function addressKeys({ address }: Bind): Record<string, Value> {
  if (address.kind === "unix") return { unix: address.path };
  const isAny = address.ip === "0.0.0.0";
  return { ...(!isAny && { bind_address: address.ip }), port: address.port };
}

function targetKeys({ rules }: Front): Record<string, Value> {
  const { pool, routes, plain } = rules.routing;
  if (pool !== null)
    return { pool: rules.targets.has(pool) ? traced(pool, ...lineOf(rules, pool)) : pool };
  const plainPool = poolOf(plain);
  if (plainPool === null) return { routes };
  return { routes: [...routes, { tls: false, pool: plainPool }] };
}

function lineOf({ targets }: FrontendRules, pool: string) {
  const line = targets.get(pool);
  return line === undefined ? [] : [line];
}

function trustKeys(
  bind: Bind,
  { admission }: FrontendRules,
  notes: Notebook,
): Record<string, Value> {
  if (admission.trusted !== null) {
    return { proxy_protocol: { trusted: admission.trusted, optional: true } };
  }
  if (!bind.isProxyAccepted) return {};
  if (bind.address.kind === "unix") return { proxy_protocol: traced({ accept: true }, bind.line) };
  const quote = { ...bind.line, text: "accept-proxy" };
  notes.differs(
    quote,
    "HAProxy accepts PROXY headers from everybody, and so does this list: write the addresses of your own balancers into `trusted`",
  );
  return { proxy_protocol: traced({ trusted: ["0.0.0.0/0", "::/0"] }, quote) };
}

function listKeys({ admission: { allow, deny } }: FrontendRules): Record<string, Value> {
  return {
    ...(allow !== null && { allow: unique(allow) }),
    ...(deny.length > 0 && { deny: unique(deny) }),
  };
}

function unique(networks: readonly Traced[]): readonly Traced[] {
  const seen = new Map<Value, Traced>();
  for (const network of networks) if (!seen.has(network.value)) seen.set(network.value, network);
  return [...seen.values()];
}

function timesOf(front: Front): Record<string, Value> {
  const { section, rules, pools, notes, name } = front;
  const client = takeTime(section, "client");
  const clientFin = takeTime(section, "client-fin");
  const all = [...pools].map(([pool, { server, tunnel, serverFin }]) => {
    const idle = tunnel ?? shorter(client, server);
    return { pool, idle, fin: shorter(clientFin, serverFin) ?? idle };
  });
  const [first] = all.sort((a, b) => lengthOf(b.idle) - lengthOf(a.idle));
  for (const { pool, idle } of all) {
    if (first === undefined || isSame(idle ?? 0, first.idle ?? 0)) continue;
    const [quote = section.head] = idle === null ? [] : linesOf(idle);
    notes.differs(
      quote,
      `idle is a listener's in bal: ${text(first.idle)} for all pools of ${name}, also for ${pool}`,
    );
  }
  const preread = rules.prereadMs;
  return {
    ...(preread !== null && { preread: duration(preread) }),
    idle: first?.idle ? duration(first.idle) : ((client && duration(client)) ?? 0),
    ...(first?.fin && { half_closed: duration(first.fin) }),
  };
}

function lengthOf(time: Traced | null): number {
  return Number(time?.value ?? 0) || Number.POSITIVE_INFINITY;
}

/** The one that ends a silent connection; 0 is none. */
function shorter(a: Traced | null, b: Traced | null): Traced | null {
  if (a === null || b === null) return a ?? b;
  if (a.value === b.value) return traced(a.value, ...a.from, ...b.from);
  return lengthOf(a) <= lengthOf(b)
    ? traced(a.value, ...a.from, ...b.from)
    : traced(b.value, ...a.from, ...b.from);
}

function duration(time: Traced): Traced {
  return traced(durationText(Number(time.value)), ...time.from);
}

function text(time: Traced | null): string {
  return time === null ? "none" : String(bare(duration(time)));
}

/** The period of the tables that a frontend counts its clients in: `conn_rate(10s)`. Milliseconds. */
export function ratePeriod(section: Section, sections: readonly Section[]): number {
  const tables = section.lines.flatMap(({ words }) => {
    const at = words.indexOf("table");
    return at < 0 ? [] : (words[at + 1] ?? []);
  });
  const named = sections.filter(({ name }) => tables.includes(name));
  for (const { lines } of [section, ...named, ...sections]) {
    for (const { words } of lines) {
      if (words[0] !== "stick-table") continue;
      const [, period] = /(?:conn|sess)_rate\(([^)]+)\)/.exec(words.join(" ")) ?? [];
      const ms = parseTime(period);
      if (ms !== null && ms > 0) return ms;
    }
  }
  return 1000;
}
