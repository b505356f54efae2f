// `upstream` blocks, and addresses behind `proxy_pass` → pools.
import type { PoolDraft } from "../draft/draft.ts";
import { durationText } from "../draft/durations.ts";
import type { Notebook, Quote } from "../draft/note.ts";
import { type Traced, traced, type Value } from "../draft/traced.ts";
import { backendAddress, parseTime } from "./addresses.ts";
import type { Directive } from "./lexer.ts";

type Keys = Record<string, Value>;

const PASSIVE =
  "bal checks each backend by itself, with a connection every 5 s (health_check), and ejects one that fails clients; there is no count to set";

/** Null: it has no server that bal can dial. */
export function readUpstream({ block, ...quote }: Directive, notes: Notebook): PoolDraft | null {
  const keys: Keys = {};
  const backends: Traced[] = [];
  let discover: Traced | null = null;
  for (const directive of block ?? []) {
    if (directive.name !== "server") {
      Object.assign(keys, readMethod(directive, notes));
      continue;
    }
    const { entry, poolKeys, service } = readServer(directive, notes);
    if (entry !== null) backends.push(entry);
    if (service !== null) discover ??= service;
    Object.assign(keys, poolKeys);
  }
  if (backends.length === 0 && discover === null) {
    notes.lost(quote, "it has no server that bal can dial");
    return null;
  }
  const all = {
    ...keys,
    ...(backends.length > 0 && { backends }),
    ...(discover !== null && { discover }),
  };
  return { quote, keys: all, timeouts: {}, retries: null };
}

/** The pool of one address; null: the text is no address. */
export function poolOfAddress(text: string, quote: Quote, notes: Notebook): PoolDraft | null {
  const [, host] = /^(.+):\d+-\d+$/.exec(text) ?? [];
  const address = backendAddress(host === undefined ? text : `${host}:1`);
  if (address === null) return null;
  const rest = { quote, timeouts: {}, retries: null };
  if (host === undefined) return { ...rest, keys: { backends: [traced(address, quote)] } };
  // The port of a client, of a range.
  notes.differs(quote, "a check has no port of its own that it could ask: there is none");
  const { port: _, ...withoutPort } = address;
  const health_check = { type: "off" };
  return { ...rest, keys: { health_check, backends: [traced(withoutPort, quote)] } };
}

const METHODS: Readonly<Record<string, string>> = {
  least_conn: "least_connections",
  random: "random",
  least_time: "least_time",
  ip_hash: "source_hash",
};

function readMethod({ name, args, block, ...quote }: Directive, notes: Notebook): Keys {
  const method = METHODS[name];
  if (method !== undefined) {
    if (name === "random" && args.length > 0) {
      notes.needless(quote, "random takes the less loaded of two backends");
    }
    return { method: traced(method, quote) };
  }
  if (name === "hash") {
    const isByAddress = /^\$(?:binary_)?remote_addr$/.test(args[0] ?? "");
    if (!isByAddress) {
      notes.lost(quote, "bal hashes the client's address only (method: source_hash)");
    }
    return { method: traced("source_hash", quote) };
  }
  if (["zone", "state", "keepalive", "resolver", "resolver_timeout", "ntlm"].includes(name)) {
    notes.needless(quote, "all of bal's threads share what they know of backends");
  } else notes.lost(quote, "bal has no such setting of a pool");
  return {};
}

type Read = {
  readonly entry: Traced | null;
  readonly poolKeys: Keys;
  readonly service: Traced | null;
};

function readServer({ args, block, name: _, ...quote }: Directive, notes: Notebook): Read {
  const [text = "", ...params] = args;
  const keys: Keys = {};
  const poolKeys: Keys = {};
  let service: string | null = null;
  for (const param of params) {
    const [name = "", value = ""] = param.split("=");
    const part = { ...quote, text: param };
    const number = Number(value);
    if (name === "weight" && number > 1) keys.weight = Math.min(number, 256);
    else if (name === "weight") continue;
    else if (name === "max_conns" && number > 0) keys.max_connections = number;
    else if (name === "backup") keys.backup = true;
    else if (name === "down") keys.drain = true;
    else if (name === "slow_start") {
      const ms = parseTime(value) ?? 0;
      if (ms > 0) poolKeys.slow_start = traced(durationText(ms), part);
    } else if (name === "service") service = `_${value.replace(/^_/, "")}._tcp.${text}`;
    else if (name === "max_fails" || name === "fail_timeout") notes.differs(part, PASSIVE);
    else if (name === "resolve") notes.needless(part, "names are looked up again by themselves");
    else if (name !== "max_conns") notes.lost(part, "bal has no such option of a backend");
  }
  if (service !== null) return { entry: null, poolKeys, service: traced({ srv: service }, quote) };
  const address = backendAddress(text) ?? backendAddress(`${text}:80`);
  if (address === null) {
    notes.lost(quote, `\`${text}\` is no address that bal can dial`);
    return { entry: null, poolKeys, service: null };
  }
  if (typeof address.host === "string" && !/^[\d.]+$|:/.test(address.host)) {
    notes.differs(
      quote,
      "a name is one backend, at the first of its addresses that works; with `discover: {dns: NAME, port: PORT}` each address is one",
    );
  }
  return { entry: traced({ ...address, ...keys }, quote), poolKeys, service: null };
}

/** With a PROXY header for its backends. */
export function withProxy(draft: PoolDraft, quote: Quote): PoolDraft {
  return { ...draft, keys: { proxy_protocol: traced("v1", quote), ...draft.keys } };
}

/** With the address that its backends are dialled from. */
export function withSource(draft: PoolDraft, quote: Quote, ip: string): PoolDraft {
  return { ...draft, keys: { ...draft.keys, source: [traced(ip, quote)] } };
}
