// A `backend`, or the servers of a `listen` → a pool.
import { parseIp } from "../../../base/address.ts";
import type { PoolDraft } from "../draft/draft.ts";
import { durationText } from "../draft/durations.ts";
import { freeName } from "../draft/names.ts";
import type { Notebook } from "../draft/note.ts";
import { bare, linesOf, type Traced, traced, type Value } from "../draft/traced.ts";
import { readBalance } from "./balance.ts";
import { readCheck } from "./check.ts";
import type { Line } from "./lexer.ts";
import { proxyOf } from "./proxy.ts";
import type { Section } from "./sections.ts";
import { backendOf, readServer, type Server, timeOf } from "./server.ts";
import { type Options, readOptions } from "./server-options.ts";
import { parseTime } from "./times.ts";

export type Pool = {
  readonly draft: PoolDraft;
  /** The longest silence of a server, and of a connection both ways; null: it has no bound. */
  readonly server: Traced | null;
  readonly tunnel: Traced | null;
  readonly serverFin: Traced | null;
  /** Names of `resolvers` sections that look up its servers. */
  readonly resolvers: ReadonlySet<string>;
};

/** Null: it has no server that bal can dial. `spares`: a section of further servers, as backups. */
export function readPool(
  section: Section,
  { notes, spares }: { readonly notes: Notebook; readonly spares: Section | null },
): Pool | null {
  const own = readServers(section, notes);
  const others = spares === null ? [] : readServers(spares, notes);
  spares?.takeAll();
  const servers = [...own, ...others];
  if (servers.length === 0) return null;
  const connect = takeTime(section, "connect");
  const queue = takeTime(section, "queue");
  const retries = section.takeLast("retries");
  const queueMs = Number(queue?.value ?? connect?.value ?? 0) || 5000;
  const balance = readBalance(section, servers, notes);
  const check = readCheck(section, servers, notes);
  const isBackup = (server: Server) => others.includes(server) || balance.isBackup(server);
  const proxy = proxyOf(servers, notes);
  const surroundings = { queueMs, hasWeight: balance.hasWeights, notes };
  const { backends, discover } = split(servers, notes);
  const taken = new Set<string>();
  const list = backends.map((server) => {
    const name = freeName(server.name, taken);
    taken.add(name);
    const entry = backendOf({ ...server, name }, { ...surroundings, isBackup: isBackup(server) });
    const header = proxy.own.get(server);
    return header === undefined
      ? entry
      : traced({ ...(entry.value as object), proxy_protocol: header }, server.line);
  });
  const keys: Record<string, Value> = {
    ...balance.keys,
    ...proxy.keys,
    ...sessionKeys(servers, notes),
    ...sourceKeys(section, servers, notes),
    ...(!check.isOfApplication && { fail_open: false }),
    health_check: withPort(check.value, servers, notes),
    ...(list.length > 0 && { backends: list }),
    ...(discover !== null && { discover }),
  };
  const draft = {
    quote: section.head,
    keys,
    timeouts: dialTimes(connect, retries),
    retries: retriesOf(retries),
  };
  const resolvers = new Set(
    servers.flatMap(({ options }) => options.get("resolvers")?.words[1] ?? []),
  );
  return {
    draft,
    resolvers,
    server: takeTime(section, "server"),
    tunnel: takeTime(section, "tunnel"),
    serverFin: takeTime(section, "server-fin"),
  };
}

// A server without a port is dialled at the client's, which a check does not know.
function withPort(check: Value, servers: readonly Server[], notes: Notebook): Value {
  const server = servers.find(({ address }) => address.kind === "tcp" && address.port === null);
  const { port, type } = bare(check) as { port?: number; type?: string };
  if (server === undefined || port !== undefined || type === "off") return check;
  notes.lost(
    server.line,
    "it has no port of its own that a check could ask: backends are not checked",
  );
  return { type: "off" };
}

export function takeTime(section: Section, name: string): Traced | null {
  const line = section.takeLast("timeout", name);
  const ms = parseTime(line?.words[2]);
  return line === null || ms === null ? null : traced(ms, line);
}

function readServers(section: Section, notes: Notebook): readonly Server[] {
  let usual: Options = new Map();
  for (const line of section.inherited.filter(({ words }) => words[0] === "default-server")) {
    usual = readOptions(line.words.slice(1), line, usual);
  }
  section.take("default-server");
  return section.takeOwn("default-server", "server", "server-template").flatMap((line) => {
    if (line.words[0] !== "default-server") return readServer(line, usual, notes) ?? [];
    usual = readOptions(line.words.slice(1), line, usual);
    return [];
  });
}

// Names with many addresses: a pool finds those of one.
function split(servers: readonly Server[], notes: Notebook) {
  const backends: Server[] = [];
  let discover: Traced | null = null;
  let found = "";
  for (const server of servers) {
    const { address, count, line } = server;
    if (address.kind !== "srv" && count === null) {
      backends.push(server);
      continue;
    }
    const key = JSON.stringify(address);
    if (discover === null) {
      found = key;
      discover = discoverOf(server);
      if (discover === null) backends.push(server);
    } else if (key === found) {
      notes.differs(line, "bal asks for this name once, of all name servers together");
    } else if (address.kind === "tcp") {
      notes.differs(
        line,
        "a pool finds the addresses of one name; this one is a single backend, at the first of its addresses that works",
      );
      backends.push(server);
    } else notes.lost(line, "a pool finds the servers of one name (`discover`)");
  }
  return { backends, discover };
}

function discoverOf({ address, count, line }: Server): Traced | null {
  const max = { max: Math.min(count ?? 1, 4096) };
  if (address.kind === "srv") return traced({ srv: address.name, ...max }, line);
  if (address.kind !== "tcp" || address.port === null || !isName(address.host)) return null;
  return traced({ dns: address.host, port: address.port, ...max }, line);
}

function isName(host: string): boolean {
  return parseIp(host) === null;
}

// The servers' settings for their sessions; bal has them for the whole pool.
function sessionKeys(servers: readonly Server[], notes: Notebook): Record<string, Value> {
  const saying = (name: string, value?: string) =>
    servers.flatMap(({ options }) => {
      const option = options.get(name);
      return option !== undefined && (value === undefined || option.words[1] === value)
        ? [option.quote]
        : [];
    });
  const down = saying("on-marked-down", "shutdown-sessions");
  const up = saying("on-marked-up", "shutdown-backup-sessions");
  const slow = saying("slowstart");
  for (const quotes of [down, up, slow]) {
    if (quotes.length === 0 || quotes.length === servers.length) continue;
    if (quotes === up) continue;
    for (const quote of quotes)
      notes.differs(quote, "in bal it is a pool's: it holds for every backend");
  }
  const warmth = Math.max(...servers.map(({ options }) => timeOf(options, "slowstart") ?? 0));
  return {
    ...(down.length > 0 && { on_down: traced("close", ...down) }),
    ...(up.length > 0 && { on_up: traced("close_backups", ...up) }),
    ...(slow.length > 0 && warmth > 0 && { slow_start: traced(durationText(warmth), ...slow) }),
  };
}

function sourceKeys(section: Section, servers: readonly Server[], notes: Notebook) {
  const line = section.takeLast("source");
  const options = servers.flatMap(({ options: own }) => own.get("source") ?? []);
  const first = line === null ? options[0] : { words: line.words, quote: line };
  for (const { options: own } of servers) {
    const option = own.get("usesrc");
    if (option !== undefined) notes.lost(option.quote, TRANSPARENT);
  }
  if (first === undefined) return {};
  if (line?.words.includes("usesrc")) notes.lost(line, TRANSPARENT);
  const [ip = ""] = (first.words[1] ?? "").split(":");
  if (ip === "0.0.0.0" || ip === "" || ip === "*") return {};
  return { source: [traced(ip, first.quote)] };
}

const TRANSPARENT =
  "bal dials from its own address; `proxy_protocol` sends the client's to backends that understand the header";

function dialTimes(connect: Traced | null, retries: Line | null): Record<string, Value> {
  const ms = Number(connect?.value ?? 0);
  if (connect === null || ms === 0) return {};
  const attempts = 1 + Math.min(Math.max(Number(retries?.words[1] ?? 2) || 0, 0), 100);
  const total = Math.min(ms * attempts, 480 * 3_600_000);
  const lines = linesOf(connect);
  return {
    connect: traced(durationText(ms), ...lines),
    connect_total: traced(durationText(total), ...lines),
  };
}

function retriesOf(line: Line | null): Traced | null {
  const number = Number(line?.words[1]);
  return line === null || !Number.isInteger(number)
    ? null
    : traced(Math.min(Math.max(number, 0), 100), line);
}
