// A haproxy.cfg → a draft of bal's config.

import type { Draft, ListenerDraft, PoolDraft } from "../draft/draft.ts";
import { freeName, nameOf } from "../draft/names.ts";
import type { Notebook } from "../draft/note.ts";
import { poolOf } from "../draft/routes.ts";
import type { Traced, Value } from "../draft/traced.ts";
import { type Pool, readPool } from "./backend.ts";
import { listenersOf, ratePeriod, readBinds } from "./frontend.ts";
import { readGlobals, readResolvers } from "./global.ts";
import { noteLeft } from "./left.ts";
import { readLines, type Variables } from "./lexer.ts";
import { readLogging } from "./logging.ts";
import { lonelyBackends } from "./lonely.ts";
import { type FrontendRules, readRules } from "./rules.ts";
import { readSections, type Section } from "./sections.ts";
import type { ReadList } from "./tests.ts";

type HaproxySources = {
  readonly file: string;
  readonly variables: Variables;
  /** Lines of a file that the config names, such as a list of networks. */
  readonly readList: ReadList;
  readonly notes: Notebook;
};

export function importHaproxy(text: string, sources: HaproxySources): Draft {
  const { file, variables, notes } = sources;
  const lines = readLines(text, file, variables);
  for (const line of lines) {
    for (const name of line.unset)
      notes.lost(line, `$${name} is not set here; set it and import again`);
  }
  const { sections, stray } = readSections(lines);
  for (const line of stray) notes.lost(line, "it stands before the first section");
  return new Import(sections, sources).draft();
}

/** One file on its way. */
class Import {
  readonly #sections: readonly Section[];
  readonly #sources: HaproxySources;
  readonly #notes: Notebook;
  readonly #pools = new Map<string, Pool>();
  readonly #listeners: ListenerDraft[] = [];
  /** Sections that are a pool by now. */
  readonly #used = new Set<Section>();

  constructor(sections: readonly Section[], sources: HaproxySources) {
    this.#sections = sections;
    this.#sources = sources;
    this.#notes = sources.notes;
  }

  draft(): Draft {
    const globals = readGlobals(this.#sections, this.#notes);
    const logging = readLogging(this.#sections, this.#notes);
    const fronts = this.#sections.filter(({ kind }) => kind === "frontend" || kind === "listen");
    for (const section of fronts) this.#readFront(section);
    if (this.#listeners.length === 0) this.#readLonely();
    this.#noteRest();
    const resolvers = new Set([...this.#pools.values()].flatMap((pool) => [...pool.resolvers]));
    const top = {
      ...globals.keys,
      ...logging,
      ...this.#limits(globals.maxConnections),
      ...readResolvers(this.#sections, resolvers, this.#notes),
    };
    const pools = new Map<string, PoolDraft>(
      [...this.#pools].map(([name, { draft }]) => [name, draft]),
    );
    const times: Draft["times"] = globals.shutdown === null ? {} : { shutdown: globals.shutdown };
    return { top, times, listeners: this.#listeners, pools };
  }

  #readFront(section: Section): void {
    const notes = this.#notes;
    if (section.lines.some(({ words }) => words[0] === "disabled")) {
      section.takeAll();
      return notes.needless(section.head, "it is disabled");
    }
    noteMode(section, notes);
    const periodMs = ratePeriod(section, this.#sections);
    const rules = readRules(section, { ...this.#sources, periodMs });
    const targets = section.kind === "listen" && this.#isPool(section) ? [section.name] : [];
    const names = [...new Set([...rules.targets.keys(), ...targets])];
    const found = names.filter((name) => this.#pool(name, { rules, front: section }) !== null);
    const binds = readBinds(section, notes);
    if (found.length > 0 && binds.length > 0) {
      const pools = new Map(
        found.map((name) => [nameOf(name), this.#pools.get(nameOf(name)) as Pool]),
      );
      const taken = new Set(this.#listeners.map(({ name }) => name));
      const name = freeName(nameOf(section.name), taken);
      const own = withPool(rules, {
        names: new Set(found.map(nameOf)),
        own: targets.filter((name) => found.includes(name)).map(nameOf),
      });
      this.#listeners.push(...listenersOf(binds, { section, name, rules: own, pools, notes }));
    } else if (!isStatsOnly(section)) noteEmpty(section, { hasPool: found.length > 0, notes });
    this.#noteLeft(section);
  }

  #isPool(section: Section): boolean {
    return section.lines.some(
      ({ words }) => words[0] === "server" || words[0] === "server-template",
    );
  }

  /** Null: there is none, or none of its servers can be dialled. */
  #pool(name: string, { rules, front }: { rules: FrontendRules; front: Section }): Pool | null {
    const known = this.#pools.get(nameOf(name));
    if (known !== undefined) return known;
    const section = this.#sections.find(
      (one) => one.name === name && (one.kind === "backend" || one.kind === "listen"),
    );
    const line = rules.targets.get(name) ?? front.head;
    if (section === undefined) {
      this.#notes.lost(line, `there is no backend ${name} in this file`);
      return null;
    }
    if (refusesAll(section)) {
      this.#used.add(section);
      section.takeAll();
      this.#notes.needless(section.head, "it refuses every client, and so do the routes to it");
      return null;
    }
    const spare = rules.backups.get(name);
    const spares = this.#sections.find((one) => one.name === spare?.pool && one.kind === "backend");
    this.#used.add(section);
    if (spares !== undefined) this.#used.add(spares);
    if (section !== front) noteMode(section, this.#notes);
    const pool = readPool(section, { notes: this.#notes, spares: spares ?? null });
    if (section.kind === "backend") this.#noteLeft(section);
    if (pool === null) {
      this.#notes.lost(line, `${name} has no server that bal can dial: its clients are refused`);
    } else this.#pools.set(nameOf(name), pool);
    return pool;
  }

  /** Backends without a frontend: each has a listener at its servers' port. */
  #readLonely(): void {
    const backends = this.#sections.filter(({ kind }) => kind === "backend");
    for (const section of backends.filter((one) => this.#isPool(one))) {
      this.#used.add(section);
      const pool = readPool(section, { notes: this.#notes, spares: null });
      this.#noteLeft(section);
      if (pool !== null) this.#pools.set(nameOf(section.name), pool);
    }
    this.#listeners.push(...lonelyBackends(this.#pools, this.#notes));
  }

  #noteLeft(section: Section): void {
    const carried = section.kind === "defaults" ? this.#sections : [section];
    noteLeft(section, { notes: this.#notes, isHttp: carried.some(isHttp) });
  }

  #noteRest(): void {
    for (const section of this.#sections) {
      if (section.kind === "backend" && !this.#used.has(section)) {
        section.takeAll();
        this.#notes.needless(section.head, "no frontend uses it");
      } else if (section.kind === "defaults") this.#noteLeft(section);
      else if (OTHER.has(section.kind)) this.#noteOther(section);
    }
  }

  #noteOther(section: Section): void {
    section.takeAll();
    const isLost = section.kind === "program" || section.kind === "fcgi-app";
    const message = isLost ? "bal has no such section" : "bal does not need it";
    this.#notes.add(isLost ? "lost" : "needless", section.head, message);
  }

  /** A single listener's limit can wait in the kernel's queue, as in HAProxy. */
  #limits(most: Traced | null): Record<string, Value> {
    const [first, second] = this.#listeners;
    const own = first === undefined ? null : limitOf(first);
    if (first !== undefined && own !== null && second === undefined) {
      this.#listeners[0] = withoutLimit(first);
      const least = most === null || Number(own.value) <= Number(most.value) ? own : most;
      return { limits: { max_connections: least, overload: "wait" } };
    }
    for (const listener of this.#listeners) {
      const [quote] = limitOf(listener)?.from ?? [];
      if (quote === undefined) continue;
      this.#notes.differs(
        quote,
        "HAProxy leaves clients above it in the kernel's queue; bal refuses them, unless it is the limit of all listeners: limits: {max_connections, overload: wait}",
      );
    }
    return most === null ? {} : { limits: { max_connections: most, overload: "wait" } };
  }
}

const OTHER = new Set(
  ["peers", "mailers", "userlist", "program", "cache", "ring", "http-errors"].concat([
    "log-forward",
    "fcgi-app",
    "crt-store",
    "traces",
    "log-profile",
    "acme",
  ]),
);

function limitOf({ keys }: ListenerDraft): Traced | null {
  const { limits } = keys as { limits?: { max_connections?: Traced } };
  return limits?.max_connections ?? null;
}

function withoutLimit(listener: ListenerDraft): ListenerDraft {
  const { limits, ...keys } = listener.keys as { limits: Record<string, Value> };
  const { max_connections: _, ...rest } = limits;
  return { ...listener, keys: { ...keys, ...(Object.keys(rest).length > 0 && { limits: rest }) } };
}

function refusesAll({ kind, lines }: Section): boolean {
  return (
    kind === "backend" &&
    lines.some(({ words }) => /^tcp-request content (?:reject|silent-drop)$/.test(words.join(" ")))
  );
}

// Clients of pools that could not be carried are refused: no other pool may have them. A `listen` is its own
// default.
function withPool(
  rules: FrontendRules,
  { names, own }: { readonly names: ReadonlySet<string>; readonly own: readonly string[] },
): FrontendRules {
  const { routing } = rules;
  const [listen] = own;
  const pool = routing.pool === null ? null : nameOf(routing.pool);
  if (routing.routes.length === 0) {
    const only = pool !== null && names.has(pool) ? pool : (listen ?? [...names][0] ?? null);
    return { ...rules, routing: { ...routing, pool: only } };
  }
  const routes = routing.routes.flatMap((route): Value[] => {
    const { pool: target, ...rest } = route as { pool?: string };
    if (target === undefined) return [route];
    if (names.has(nameOf(target))) return [{ ...rest, pool: nameOf(target) }];
    return "default" in rest ? [] : [{ ...rest, refuse: true }];
  });
  const hasDefault = routes.some((route) => typeof route === "object" && "default" in route);
  const last = listen !== undefined && !hasDefault ? [{ default: true, pool: listen }] : [];
  const all = [...routes, ...last];
  // A list of routes has one at least.
  if (all.length === 0) all.push({ default: true, refuse: true });
  const target = poolOf(routing.plain);
  const isServed = target !== null && names.has(nameOf(target));
  const plain = isServed ? { pool: nameOf(target) } : null;
  return { ...rules, routing: { ...routing, routes: all, plain } };
}

function isHttp(section: Section): boolean {
  if (!["frontend", "listen", "backend"].includes(section.kind) || isStatsOnly(section))
    return false;
  return section.takeLast("mode")?.words[1] === "http";
}

function noteMode(section: Section, notes: Notebook): void {
  const mode = section.takeLast("mode");
  if (mode?.words[1] !== "http" || isStatsOnly(section)) return;
  notes.differs(
    mode,
    "bal relays the bytes of HTTP unread: no header is added, and a connection stays with one backend",
  );
}

function isStatsOnly({ lines, kind }: Section): boolean {
  const has = (...words: string[]) => lines.some(({ words: [first] }) => words.includes(first));
  const serves = has("server", "server-template", "default_backend", "use_backend");
  return kind !== "backend" && !serves && has("stats", "monitor-uri", "http-request");
}

function noteEmpty(
  section: Section,
  { hasPool, notes }: { hasPool: boolean; notes: Notebook },
): void {
  const message = hasPool
    ? "it has no address that bal can listen on"
    : "it has no backend that bal can serve";
  notes.lost(section.head, message);
}
