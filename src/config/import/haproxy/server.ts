// `server` lines → backends.

import { durationText } from "../draft/durations.ts";
import { nameOf } from "../draft/names.ts";
import type { Notebook } from "../draft/note.ts";
import { type Traced, traced, type Value } from "../draft/traced.ts";
import { parseServerAddress, type ServerAddress } from "./addresses.ts";
import type { Line } from "./lexer.ts";
import { CARRIED, dispositionOf, type Options, readOptions } from "./server-options.ts";
import { parseTime } from "./times.ts";

export type Server = {
  readonly line: Line;
  readonly name: string;
  readonly address: Exclude<ServerAddress, { kind: "unknown" }>;
  readonly options: Options;
  /** `server-template`: how many there may be; null: a single server. */
  readonly count: number | null;
};

/** Null: it was noted why not. */
export function readServer(line: Line, usual: Options, notes: Notebook): Server | null {
  const isTemplate = line.words[0] === "server-template";
  const [, name = "", ...rest] = line.words;
  const [count, text = ""] = isTemplate ? [rest[0] ?? "1", rest[1]] : [null, rest[0]];
  const address = parseServerAddress(text);
  const options = readOptions(rest.slice(isTemplate ? 2 : 1), line, usual);
  for (const [option, { quote }] of options) {
    if (CARRIED.has(option)) continue;
    const [kind, message] = dispositionOf(option);
    notes.add(kind, quote, message);
  }
  if (address.kind === "unknown") {
    notes.lost(line, address.why);
    return null;
  }
  const most = Number(count?.split("-").at(-1));
  return { line, name: nameOf(name), address, options, count: isTemplate ? most || 1 : null };
}

type BackendSurroundings = {
  /** How long a client waits for a place: `timeout queue`, else `timeout connect`. */
  readonly queueMs: number;
  readonly isBackup: boolean;
  readonly hasWeight: boolean;
  readonly notes: Notebook;
};

/** HAProxy's queue has no bound of its own; bal's has one. */
const QUEUE = 1000;

/** A backend's keys, but for its PROXY header. */
export function backendOf(server: Server, surroundings: BackendSurroundings): Traced {
  const { line, options, name } = server;
  const { isBackup, hasWeight, notes } = surroundings;
  const weight = numberOf(options, "weight");
  const limit = numberOf(options, "maxconn");
  if (options.has("disabled")) {
    const { quote } = options.get("disabled") ?? { quote: line };
    notes.differs(quote, "it becomes `drain: true`: no new clients, but checks go on");
  }
  noteSingles(server, notes);
  const entry: Record<string, Value> = {
    name,
    ...addressKeys(server),
    ...(hasWeight && weight !== null && weight !== 1 && { weight: Math.min(weight, 256) }),
    ...(isBackup && { backup: true }),
    ...(options.has("disabled") && { drain: true }),
    ...(limit !== null && limit > 0 && limitKeys(server, limit, surroundings)),
  };
  return traced(entry, line);
}

function addressKeys({ address }: Server): Record<string, Value> {
  switch (address.kind) {
    case "unix":
      return { unix: address.path };
    case "srv":
      return { host: address.name };
    case "tcp":
      return { host: address.host, ...(address.port !== null && { port: address.port }) };
    default:
      return address satisfies never;
  }
}

function limitKeys(
  { options }: Server,
  limit: number,
  { queueMs, notes }: BackendSurroundings,
): Record<string, Value> {
  const quote = options.get("maxconn")?.quote;
  const size = numberOf(options, "maxqueue") || QUEUE;
  if (quote !== undefined && !options.has("maxqueue")) {
    const message = `clients over it wait, as in HAProxy; at most ${QUEUE} of them for each backend`;
    notes.differs(quote, message);
  }
  const queue = { size: Math.min(size, 100_000), timeout: durationText(Math.max(queueMs, 1)) };
  return { max_connections: Math.min(limit, 1_000_000), queue };
}

// Options of one server that bal has for a whole pool, or not at all.
function noteSingles({ options }: Server, notes: Notebook): void {
  const minimum = options.get("minconn");
  if (minimum !== undefined && numberOf(options, "minconn") !== 0) {
    notes.differs(minimum.quote, "bal's limit is the same under any load: `max_connections`");
  }
  const userTimeout = options.get("tcp-ut");
  if (userTimeout !== undefined) {
    notes.lost(userTimeout.quote, "`timeouts.user` of a listener is for both sides");
  }
  const address = options.get("addr");
  if (address !== undefined) {
    notes.lost(address.quote, "a check asks the backend's own host; `port` may be another one");
  }
  const sourceNetwork = options.get("interface");
  if (sourceNetwork !== undefined) {
    notes.lost(sourceNetwork.quote, "the kernel's routes choose the interface");
  }
}

export function numberOf(options: Options, name: string): number | null {
  const text = options.get(name)?.words[1] ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Null: none that a check can ask. */
export function portOf(options: Options, name: string): number | null {
  const port = numberOf(options, name) ?? 0;
  return port >= 1 && port <= 65535 ? port : null;
}

export function timeOf(options: Options, name: string): number | null {
  return parseTime(options.get(name)?.words[1]);
}
