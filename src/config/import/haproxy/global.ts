// `global`, `resolvers` and what else holds for the whole process → keys at the top.
import { parseIp } from "../../../base/address.ts";
import { durationText } from "../draft/durations.ts";
import type { Notebook } from "../draft/note.ts";
import { type Traced, traced, type Value } from "../draft/traced.ts";
import { noteLeft } from "./left.ts";
import type { Line } from "./lexer.ts";
import type { Section } from "./sections.ts";
import { parseTime } from "./times.ts";

const MAX_WORKERS = 8;

type Globals = {
  readonly keys: Readonly<Record<string, Value>>;
  readonly maxConnections: Traced | null;
  readonly shutdown: Value | null;
};

export function readGlobals(sections: readonly Section[], notes: Notebook): Globals {
  const keys: Record<string, Value> = {};
  let maxConnections: Traced | null = null;
  let shutdown: Value | null = null;
  for (const section of sections.filter(({ kind }) => kind === "global")) {
    const threads = section.takeLast("nbthread");
    const workers = Number(threads?.words[1]);
    if (threads !== null && workers >= 1) {
      keys.workers = traced(Math.min(workers, MAX_WORKERS), threads);
      if (workers > MAX_WORKERS) notes.differs(threads, `bal has at most ${MAX_WORKERS} threads`);
    }
    const most = section.takeLast("maxconn");
    if (most !== null && Number(most.words[1]) >= 1)
      maxConnections = traced(Number(most.words[1]), most);
    const stop = section.takeLast("hard-stop-after");
    const stopMs = parseTime(stop?.words[1]);
    if (stop !== null && stopMs !== null) shutdown = traced(durationText(stopMs), stop);
    noteLeft(section, { notes, isHttp: false });
  }
  return { keys, maxConnections, shutdown };
}

/** Reads the `resolvers` sections; `used` are those that a server names. */
export function readResolvers(
  sections: readonly Section[],
  used: ReadonlySet<string>,
  notes: Notebook,
): Record<string, Value> {
  const servers: Traced[] = [];
  let interval: Value | null = null;
  const all = sections.filter(({ kind }) => kind === "resolvers");
  for (const section of all) {
    if (!used.has(section.name)) {
      section.takeAll();
      notes.needless(section.head, "no server uses it");
      continue;
    }
    for (const line of section.takeOwn("nameserver")) servers.push(...readNameServer(line, notes));
    for (const line of section.takeOwn("hold")) {
      const ms = line.words[1] === "valid" ? parseTime(line.words[2]) : null;
      if (ms !== null && ms >= 1000) interval = traced(durationText(ms), line);
      else notes.needless(line, "the last addresses stay in use while name servers do not answer");
    }
    for (const line of section.takeAll()) {
      if (["nameserver", "hold"].includes(line.words[0])) continue;
      notes.needless(
        line,
        "bal asks name servers by its own times, and the system's where none is named",
      );
    }
  }
  if (servers.length === 0 && interval === null) return {};
  return {
    resolver: {
      ...(servers.length > 0 && { servers }),
      ...(interval !== null && { interval }),
    },
  };
}

function readNameServer(line: Line, notes: Notebook): readonly Traced[] {
  const text = (line.words[2] ?? "").replace(/^(?:udp|tcp|ipv4|ipv6)@/, "");
  const [, v6, v4 = "", port = "53"] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  const ip = parseIp(v6 ?? v4);
  if (ip === null) {
    const message =
      "a name server is an IP address here; without `resolver.servers` the system's are asked";
    notes.differs(line, message);
    return [];
  }
  const host = ip.family === 6 ? `[${ip.ip}]` : ip.ip;
  return [traced(`${host}:${port}`, line)];
}
