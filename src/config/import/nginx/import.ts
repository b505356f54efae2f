// An nginx.conf, or a part of one → a draft of bal's config.
import type { Draft, ListenerDraft, PoolDraft } from "../draft/draft.ts";
import { freeName, nameOf } from "../draft/names.ts";
import type { Notebook } from "../draft/note.ts";
import type { ImportSources } from "../draft/sources.ts";
import { bare, traced, type Value } from "../draft/traced.ts";
import { healthOf } from "./health.ts";
import { withIncludes } from "./includes.ts";
import { noteLeft } from "./left.ts";
import { type Directive, readDirectives } from "./lexer.ts";
import { readServer } from "./listeners.ts";
import { Scope } from "./scope.ts";
import { readTop } from "./top.ts";
import { poolOfAddress, readUpstream, withProxy, withSource } from "./upstream.ts";
import { type Maps, readMap } from "./variables.ts";

type NginxSources = ImportSources & { readonly notes: Notebook };

export function importNginx(text: string, sources: NginxSources): Draft {
  const root = withIncludes(readDirectives(text, sources.file, sources.notes), sources);
  return new Import(root, sources.notes).draft();
}

/** One file on its way. */
class Import {
  readonly #notes: Notebook;
  readonly #taken = new Set<Directive>();
  /** Outside of `stream`, if that is a block here. */
  readonly #main: readonly Directive[];
  readonly #stream: readonly Directive[];
  readonly #pools = new Map<string, PoolDraft>();
  /** The names of the pools: by target, with or without a PROXY header. */
  readonly #names = new Map<string, string>();
  readonly #listeners: ListenerDraft[] = [];

  constructor(root: readonly Directive[], notes: Notebook) {
    this.#notes = notes;
    const streams = root.filter(({ name, block }) => name === "stream" && block !== null);
    for (const stream of streams) this.#taken.add(stream);
    const isPart = streams.length === 0;
    this.#main = isPart ? root.filter(({ name }) => !PARTS.has(name)) : root;
    this.#stream = isPart
      ? root.filter(({ name }) => PARTS.has(name))
      : streams.flatMap(({ block }) => block ?? []);
  }

  draft(): Draft {
    const servers = this.#stream.filter(({ name }) => name === "server");
    for (const server of servers) this.#readServer(server);
    if (this.#listeners.length === 0 && servers.length === 0) this.#readLonely();
    const outer = new Scope(this.#stream, this.#main, this.#taken);
    const top = readTop(outer, servers, this.#notes);
    for (const directive of [...this.#main, ...this.#stream]) {
      if (!this.#taken.has(directive)) noteLeft(directive, this.#notes);
    }
    return { top, times: {}, listeners: this.#listeners, pools: this.#pools };
  }

  #readServer(server: Directive): void {
    this.#taken.add(server);
    const block = server.block ?? [];
    if (block.some(({ name }) => HTTP.has(name))) {
      return this.#notes.lost(
        server,
        "this server speaks HTTP, which bal does not read: leave it with nginx",
      );
    }
    const scope = new Scope(block, this.#stream, this.#taken);
    const poolFor = (target: string) => this.#poolFor(target, { server, scope });
    const listeners = readServer(server, {
      scope,
      poolFor,
      maps: this.#maps(),
      zones: this.#stream.filter(({ name }) => name === "limit_conn_zone"),
      taken: new Set(this.#listeners.map(({ name }) => name)),
      notes: this.#notes,
    });
    this.#listeners.push(...listeners);
    if (listeners.length === 0) return;
    for (const directive of block) {
      if (!this.#taken.has(directive) && !LATER.has(directive.name))
        noteLeft(directive, this.#notes);
    }
  }

  #maps(): Maps {
    const blocks = this.#stream.filter(({ name, block }) => name === "map" && block !== null);
    const maps = new Map<string, ReturnType<typeof readMap>>();
    for (const directive of blocks) {
      this.#taken.add(directive);
      maps.set((directive.args[1] ?? "").replace(/^\$/, ""), readMap(directive, this.#notes));
    }
    return maps;
  }

  /** The name of the pool for a target; null: it is none. */
  #poolFor(target: string, { server, scope }: { server: Directive; scope: Scope }): string | null {
    const proxy = scope.takeLast("proxy_protocol");
    const hasProxy = proxy?.args[0] === "on";
    const key = `${hasProxy} ${target}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const upstream = this.#stream.find((one) => one.name === "upstream" && one.args[0] === target);
    if (upstream !== undefined) this.#taken.add(upstream);
    const pass = scope.takeLast("proxy_pass") ?? server;
    const draft =
      upstream === undefined
        ? poolOfAddress(target, pass, this.#notes)
        : readUpstream(upstream, this.#notes);
    if (draft === null) {
      if (upstream === undefined && !target.startsWith(":")) {
        this.#notes.lost(
          pass,
          `there is no upstream ${target} here, and it is not an address with a port`,
        );
      }
      return null;
    }
    const plain = nameOf(target.replace(/^unix:/, ""));
    const taken = new Set(this.#pools.keys());
    const name =
      taken.has(plain) && hasProxy ? freeName(`${plain}-proxy`, taken) : freeName(plain, taken);
    this.#names.set(key, name);
    const full = this.#withRest(draft, scope);
    this.#pools.set(name, hasProxy && proxy !== null ? withProxy(full, proxy) : full);
    return name;
  }

  #withRest(draft: PoolDraft, scope: Scope): PoolDraft {
    const tries = scope.takeLast("proxy_next_upstream_tries");
    const next = scope.takeLast("proxy_next_upstream");
    const most = Number(tries?.args[0]);
    const retries =
      next?.args[0] === "off"
        ? traced(0, next)
        : tries !== null && most > 0
          ? traced(Math.min(most - 1, 100), tries)
          : null;
    const checked = this.#withCheck(draft, scope);
    const bind = scope.takeLast("proxy_bind");
    if (bind === null || bind.args[0] === "off") return { ...checked, retries };
    const ip = bind.args[0] ?? "";
    const isFixed = /^[\d.]+$|^[\da-f:]+$/i.test(ip) && !bind.args.includes("transparent");
    if (!isFixed) this.#notes.lost(bind, TRANSPARENT);
    return { ...(isFixed ? withSource(checked, bind, ip) : checked), retries };
  }

  #withCheck(draft: PoolDraft, scope: Scope): PoolDraft {
    const line = scope.takeLast("health_check");
    if (line === null) return draft;
    const matches = this.#stream.filter(({ name }) => name === "match");
    for (const match of matches) this.#taken.add(match);
    const timeout = scope.takeLast("health_check_timeout");
    const health_check = healthOf(line, { matches, timeout, notes: this.#notes });
    return { ...draft, keys: { health_check, ...draft.keys } };
  }

  /** Upstreams without a server: each has a listener at its servers' port. */
  #readLonely(): void {
    const taken = new Set<number>();
    for (const upstream of this.#stream.filter(({ name }) => name === "upstream")) {
      this.#taken.add(upstream);
      const draft = readUpstream(upstream, this.#notes);
      if (draft === null) continue;
      const name = nameOf(upstream.args[0] ?? "");
      const [first] = bare(draft.keys.backends ?? []) as readonly { port?: number }[];
      let port = first?.port ?? 9295;
      while (taken.has(port)) port++;
      taken.add(port);
      this.#pools.set(name, draft);
      this.#notes.differs(
        upstream,
        `the file does not say on which port clients of ${name} connect: port ${port} is a guess`,
      );
      const keys: Record<string, Value> = { port, pool: name };
      this.#listeners.push({ quote: upstream, name, keys, timeouts: {}, pools: [name] });
    }
  }
}

const TRANSPARENT =
  "bal dials from its own address; `proxy_protocol` sends the client's to backends that understand the header";

/** Blocks and lines of `stream` that may stand alone. */
const PARTS = new Set([
  ...["server", "upstream", "map", "limit_conn_zone", "log_format", "access_log", "resolver"],
  ...[
    "proxy_timeout",
    "proxy_connect_timeout",
    "proxy_pass",
    "ssl_preread",
    "listen",
    "allow",
    "deny",
  ],
  ...["limit_conn", "set_real_ip_from", "proxy_protocol", "geo", "split_clients", "match"],
]);

/** Only servers of HTTP have one of these. */
const HTTP = new Set([
  "location",
  "root",
  "index",
  "try_files",
  "rewrite",
  "add_header",
  "proxy_set_header",
  "fastcgi_pass",
  "if",
]);

/** Directives of a server that are read for the whole process. */
const LATER = new Set(["access_log", "resolver"]);
