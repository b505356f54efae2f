// A `server` block → listeners: one for each address.
import type { ListenerDraft } from "../draft/draft.ts";
import { durationText } from "../draft/durations.ts";
import { freeName, nameOf } from "../draft/names.ts";
import type { Notebook } from "../draft/note.ts";
import { type Answer, type Client, poolOf, type Routing, routesFor } from "../draft/routes.ts";
import { traced, type Value } from "../draft/traced.ts";
import { type Listen, listenAddress, parseTime } from "./addresses.ts";
import { limitKeys, listKeys, trustKeys } from "./admission.ts";
import type { Directive } from "./lexer.ts";
import type { Scope } from "./scope.ts";
import { evaluate, type Maps, wordsBehind } from "./variables.ts";

type Keys = Record<string, Value>;

/** nginx's own `proxy_timeout`. */
const IDLE_MS = 600_000;

type ServerSources = {
  readonly scope: Scope;
  readonly maps: Maps;
  readonly zones: readonly Directive[];
  /** The pool that a target of `proxy_pass` becomes; null: it is none, and that was noted. */
  readonly poolFor: (target: string) => string | null;
  readonly taken: ReadonlySet<string>;
  readonly notes: Notebook;
};

type Place = { readonly listen: Listen; readonly directive: Directive };

export function readServer(server: Directive, sources: ServerSources): readonly ListenerDraft[] {
  const { scope, notes, taken } = sources;
  const lines = scope.take("listen");
  if (lines.length === 0) notes.lost(server, "it has no address to listen on (listen)");
  const places = dualStack(lines.flatMap((one) => readListen(one, notes)));
  const pass = scope.takeLast("proxy_pass");
  if (pass === null) {
    notes.lost(server, "it passes clients to no backend (proxy_pass)");
    return [];
  }
  const names = new Set(taken);
  return places.flatMap((place): ListenerDraft[] => {
    const found = targetOf(pass, place, sources);
    if (found === null) return [];
    const name = freeName(
      found.pools.length === 1 ? (found.pools[0] ?? "") : nameFor(place),
      names,
    );
    names.add(name);
    const keys = {
      ...place.listen.keys,
      ...found.keys,
      ...trustKeys(place.directive, scope, notes),
      ...listKeys(scope, notes),
      ...limitKeys(scope, sources.zones, notes),
    };
    const timeouts = { ...timesOf(scope), ...found.times };
    return [{ quote: place.directive, name, keys, timeouts, pools: found.pools }];
  });
}

function nameFor({ listen: { port, keys } }: Place): string {
  return nameOf(port === "" ? String(keys.unix).replace(/^.*\//, "") : `port-${port}`);
}

const LISTEN_NEEDLESS =
  /^(?:reuseport|bind|backlog=.*|rcvbuf=.*|sndbuf=.*|ipv6only=off|so_keepalive=.*|default_server|multipath|setfib=.*)$/;

function readListen(directive: Directive, notes: Notebook): readonly Place[] {
  const [text = "", ...params] = directive.args;
  const listen = listenAddress(text);
  if (params.includes("udp") || params.includes("quic")) {
    notes.lost(directive, "bal relays TCP only");
    return [];
  }
  if (listen === null) {
    notes.lost(directive, `\`${text}\` is not an address with a port`);
    return [];
  }
  const keys: Keys = { ...listen.keys };
  for (const param of params) {
    const quote = { ...directive, text: param };
    if (param === "ssl") {
      notes.lost(
        quote,
        "nginx terminates TLS here; bal passes it through, so the backends need the certificate",
      );
    } else if (param === "deferred") keys.defer_accept = traced(true, quote);
    else if (param.startsWith("fastopen=")) keys.tcp_fast_open = traced(true, quote);
    else if (LISTEN_NEEDLESS.test(param)) {
      notes.needless(quote, "bal does this automatically, or does not need it");
    } else if (param !== "proxy_protocol" && param !== "ipv6only=on") {
      notes.lost(quote, "bal has no such option of a listener");
    }
  }
  return [{ directive, listen: { ...listen, keys } }];
}

// `443` and `[::]:443` are one dual-stack listener.
function dualStack(places: readonly Place[]): readonly Place[] {
  return places.filter(({ listen: { ip, port } }) => {
    if (ip !== "0.0.0.0") return true;
    return !places.some(({ listen: other }) => other.ip === "::" && other.port === port);
  });
}

type Target = { readonly keys: Keys; readonly times: Keys; readonly pools: readonly string[] };

function targetOf(pass: Directive, { listen }: Place, sources: ServerSources): Target | null {
  const { scope, maps, notes } = sources;
  const [text = ""] = pass.args;
  const preread = scope.takeLast("ssl_preread");
  const wait = scope.takeLast("preread_timeout");
  if (!text.includes("$")) {
    const pool = sources.poolFor(text);
    if (preread !== null)
      notes.needless(preread, "without a variable in proxy_pass nothing is routed");
    if (wait !== null) notes.needless(wait, "without routes nothing is waited for");
    return pool === null ? null : { keys: { pool: traced(pool, pass) }, times: {}, pools: [pool] };
  }
  const decide = (client: Client): Answer => {
    const target = evaluate(text, client, { maps, port: listen.port });
    if (target === "") return "refuse";
    if (target === null || target.includes(client.name || "\0")) return null;
    const pool = sources.poolFor(target);
    // No other pool may have them.
    return pool === null ? "refuse" : { pool };
  };
  const routing = routesFor({ ...wordsBehind(text, maps, notes), decide });
  for (const { quote, message } of routing.doubts) notes.differs(quote, message);
  const pools = poolsIn(routing);
  if (pools.length === 0) {
    notes.lost(
      pass,
      "the destination is a variable that bal does not know, or the name itself that a client asks for: bal connects to the backends of its config only",
    );
    return null;
  }
  const ms = parseTime(wait?.args[0]);
  const times =
    wait !== null && ms !== null && ms > 0 ? { preread: traced(durationText(ms), wait) } : {};
  return { keys: targetKeys(routing, pass), times, pools };
}

function poolsIn({ pool, routes }: Routing): readonly string[] {
  const routed = routes.flatMap((route) => (route as { pool?: string }).pool ?? []);
  return [...new Set([...(pool === null ? [] : [pool]), ...routed])];
}

function targetKeys({ pool, routes, plain }: Routing, pass: Directive): Keys {
  if (pool !== null) return { pool: traced(pool, pass) };
  const plainPool = poolOf(plain);
  if (plainPool === null) return { routes };
  return { routes: [...routes, { tls: false, pool: plainPool }] };
}

function timesOf(scope: Scope): Keys {
  const idle = scope.takeLast("proxy_timeout");
  const connect = scope.takeLast("proxy_connect_timeout");
  const total = scope.takeLast("proxy_next_upstream_timeout");
  const idleMs = parseTime(idle?.args[0]) ?? IDLE_MS;
  const connectMs = parseTime(connect?.args[0]);
  const totalMs = parseTime(total?.args[0]) || (connectMs ?? 0) * 3;
  return {
    ...(connect !== null && connectMs && { connect: traced(durationText(connectMs), connect) }),
    ...(totalMs > 0 && {
      connect_total: traced(
        durationText(totalMs),
        ...[total ?? connect].filter((one) => one !== null),
      ),
    }),
    idle: idle === null ? durationText(idleMs) : traced(durationText(idleMs), idle),
  };
}
