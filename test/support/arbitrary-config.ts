// Configs within the schema's ranges, as a file would have them: made from the table, so that a
// new key is covered by being there.
import fc from "fast-check";
import { formatDuration, formatSize } from "../../src/base/units.ts";
import type { HealthCheckType } from "../../src/config/config.ts";
import type { Field, Key, Keys } from "../../src/config/schema/field.ts";
import { tables } from "../../src/config/schema/schema.ts";
import { TYPES_OF } from "../../src/config/validate/validate-health.ts";

const hostname = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}[a-z0-9]\.test$/);
const host = fc.oneof(fc.ipV4(), fc.ipV6(), hostname);
/** Without a colon: no such name is the `host:port` of another backend. */
const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_./[\]-]{1,20}$/),
  fc.constantFrom("__proto__", "constructor", "toString", "valueOf", "0"),
);

export function written(field: Field): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case "integer":
      return fc.integer(field);
    case "boolean":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...field.values);
    case "duration": {
      const value = fc.integer(field).map(formatDuration);
      return field.canBeOff ? fc.oneof(value, fc.constantFrom(0, "0")) : value;
    }
    case "size":
      return fc.oneof(fc.integer(field), fc.integer(field).map(formatSize));
    case "ports":
      return fc.oneof(
        fc.integer(field),
        fc
          .tuple(
            fc.integer({ min: 10_000, max: 60_000 }),
            fc.integer({ min: 0, max: field.mostPorts - 1 }),
          )
          .map(([from, more]) => `${from}-${from + more}`),
      );
    case "mode":
      return fc.stringMatching(/^0?[0-7]{3}$/);
    case "name":
      return name;
    case "ip":
      return fc.oneof(fc.ipV4(), fc.ipV6());
    case "cidr":
      return fc.oneof(
        fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
        fc.tuple(fc.ipV6(), fc.integer({ min: 96, max: 128 })).map(([ip, bits]) => `${ip}/${bits}`),
        fc.ipV6(),
      );
    case "percent":
      return fc.oneof(
        fc.constant("off"),
        fc.integer(field).map((percent) => `${percent}%`),
      );
    case "rate":
      return fc.oneof(
        fc.constant(0),
        fc.integer({ min: 1, max: field.max }).map((rate) => `${rate}/s`),
        fc
          .tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 3600 }))
          .map(([count, seconds]) => `${count}/${seconds}s`),
      );
    case "host":
      return host;
    case "hostname":
      return hostname;
    case "address":
      return fc.constantFrom("127.0.0.1:9296", "[::1]:9297");
    case "server-name":
      return fc.oneof(
        hostname,
        hostname.map((suffix) => `*.${suffix}`),
      );
    case "protocol":
      return fc.constantFrom("h2", "http/1.1", "postgresql");
    case "header":
      return fc.oneof(fc.constantFrom("a b", 1), fc.stringMatching(/^[!-~]{1,20}$/));
    case "either":
      if (field.word.kind === "list") return fc.oneof(written(field.map), checkList(field.map));
      return fc.oneof(written(field.word), written(field.map).map(withoutV1Tlvs));
    case "secret":
      return fc.stringMatching(/^[!-~]{16,40}$/);
    case "bytes":
      // Statuses are bytes, too; which ones they may be depends on the check.
      return fc.constantFrom("200", 404);
    case "url-path":
      return fc.webPath().map((path) => `/${path}`);
    case "socket-path":
      return fc.stringMatching(/^[/@][a-z0-9. -]{1,40}$/);
    case "path":
      // No two the same: two logs in one file are an error.
      return fc
        .tuple(fc.stringMatching(/^[a-z/.]{1,20}$/), fc.uuid())
        .map(([folder, name]) => `${folder}/${name}`);
    case "nullable":
      return fc.oneof(fc.constant(null), written(field.of));
    case "auto":
      return fc.oneof(fc.constant("auto"), written(field.or));
    case "map":
      return field.keys === tables.healthCheck ? mapOf(field.keys).map(suited) : mapOf(field.keys);
    case "list":
      if (field.of.kind === "choice")
        return fc.shuffledSubarray([...field.of.values], { minLength: 1 });
      // Where dials come from: an address that a host can have, and each once.
      if (field.of.kind === "ip")
        return fc.shuffledSubarray(["127.0.0.1", "10.0.0.9", "2001:db8::9"], { minLength: 1 });
      return fc.array(written(field.of), { minLength: 1, maxLength: 5 }).map(withOwnNames);
    case "named":
      if (field.names === "header")
        // No name that sounds like a secret: its value would not be shown.
        return fc.dictionary(fc.stringMatching(/^X-[A-Da-d]{1,9}$/), written(field.of), {
          minKeys: 1,
        });
      return fc.dictionary(name, written(field.of), { minKeys: 1, maxKeys: 4 });
    case "any":
      return fc.anything();
    default:
      return field satisfies never;
  }
}

type Map = Record<string, unknown>;

function withoutV1Tlvs(value: unknown): unknown {
  const { tlvs, ...rest } = value as Map;
  return rest.version === "v1" || tlvs === undefined ? rest : { ...rest, tlvs };
}

/** Each key or not, but for the required ones. */
function mapOf(keys: Keys, without: readonly string[] = []): fc.Arbitrary<Map> {
  const used = Object.entries(keys).filter(([key, { isOld }]) => !isOld && !without.includes(key));
  const required = used.filter(([, { isRequired }]) => isRequired).map(([key]) => key);
  if (keys === tables.discover) return discover;
  if (keys === tables.backend && without.length === 0) return backend();
  const model = Object.fromEntries(
    used.map(([key, { field }]: [string, Key]) => [key, written(field)]),
  );
  return fc.record(model, { requiredKeys: required });
}

// Not what any of its keys would be together.
const max = fc.integer({ min: 1, max: 4096 });
const discover: fc.Arbitrary<Map> = fc.oneof(
  fc.record({ srv: hostname, max }, { requiredKeys: ["srv"] }),
  fc.record(
    { dns: hostname, port: fc.integer({ min: 1, max: 65535 }), max },
    { requiredKeys: ["dns", "port"] },
  ),
);

// At one place only.
function backend(): fc.Arbitrary<Map> {
  const onSocket = fc
    .tuple(mapOf(tables.backend, ["unix", "host", "port"]), written({ kind: "socket-path" }))
    .map(([rest, unix]): Map => ({ ...rest, unix }));
  // Without a port of its own only where checks have one: the pools here say nothing of that.
  const onPort = fc
    .tuple(mapOf(tables.backend, ["unix", "port"]), fc.integer({ min: 1, max: 65535 }))
    .map(([rest, port]): Map => ({ ...rest, port }));
  return fc.oneof({ arbitrary: onPort, weight: 4 }, onSocket);
}

// On addresses of TCP, or on a unix socket, whose clients have none unless they are announced.
function listenerIn(pools: readonly string[]): fc.Arbitrary<Map> {
  const where = fc.oneof(
    fc.constantFrom(...pools).map((pool): Map => ({ pool })),
    routes(pools).map((routes): Map => ({ routes })),
  );
  const accept = fc.option(written(listener.proxy_protocol!.field) as fc.Arbitrary<Map>);
  const onTcp = fc
    .tuple(mapOf(listener, ["unix", "mode", ...PLACED]), accept)
    .map(([rest, accept]): Map => {
      if (accept === null) return rest;
      return { ...rest, proxy_protocol: { trusted: ["10.0.0.0/8"], ...accept } };
    });
  const place = fc.oneof({ arbitrary: onTcp, weight: 4 }, onSocket(accept));
  return fc.tuple(place, where).map(([one, where]) => ({ ...one, ...where }));
}

/** The keys that decide where clients go, and who they are. */
const PLACED = ["pool", "routes", "proxy_protocol"];
const OF_TCP = ["bind_address", "port", "tcp_fast_open", "defer_accept"];
const BY_ADDRESS = ["allow", "deny", "limits"];

function onSocket(accept: fc.Arbitrary<Map | null>): fc.Arbitrary<Map> {
  const mode = fc.option(written({ kind: "mode" }));
  const plain = mapOf(listener, ["unix", "mode", ...PLACED, ...OF_TCP]);
  return fc
    .tuple(plain, written({ kind: "socket-path" }), mode, accept)
    .map(([rest, unix, mode, accept]): Map => {
      const { trusted: _, ...proxy } = accept ?? { accept: false };
      const judged = Object.entries(rest).filter(
        ([key]) => proxy.accept !== false || !BY_ADDRESS.includes(key),
      );
      const isAbstract = String(unix).startsWith("@");
      return {
        ...Object.fromEntries(judged),
        ...{ unix, proxy_protocol: proxy },
        ...(mode !== null && !isAbstract && { mode }),
      };
    });
}

/** Would one want what the other has, whatever their addresses? */
function clash(one: Map, other: Map): boolean {
  if (one.unix !== undefined) return one.unix === other.unix;
  const [a, b] = [portsOf(one), portsOf(other)];
  return a.from <= b.to && b.from <= a.to;
}

function portsOf({ port = 0 }: Map): { readonly from: number; readonly to: number } {
  const [from = 0, to = from] = String(port).split("-").map(Number);
  return { from, to };
}

// Keys of a health check that its type has no use for are an error.
function suited(check: Map): Map {
  const type = (check.type ?? "tcp") as HealthCheckType;
  const typesOf = (key: string) => TYPES_OF[key as keyof typeof TYPES_OF];
  const fitting = Object.entries(check).filter(([key]) => typesOf(key)?.includes(type) ?? true);
  const { cert: _, key: __, steps, ...rest } = Object.fromEntries(fitting);
  const isBound = fitting.some(([key]) => typesOf(key) !== undefined);
  const isHttp = type === "http" || type === "https";
  const { send, expect, contains, ...others } = rest;
  return {
    ...(isHttp ? { ...rest, method: "GET" } : type === "exchange" ? others : rest),
    ...(isBound && { type }),
    ...(type === "exchange" && (steps === undefined ? { send: "PING" } : { steps: filled(steps) })),
    ...((type === "tls" || type === "https") && { server_name: "a.test", alpn: ["http/1.1"] }),
  };
}

// A step that says nothing is an error.
function filled(steps: unknown): unknown {
  return (steps as readonly Map[]).map((step) => ({ ...step, send: "x" }));
}

// All at one pace.
function checkList(one: Field): fc.Arbitrary<unknown> {
  const checks = fc.array(written(one) as fc.Arbitrary<Map>, { minLength: 2, maxLength: 3 });
  return checks.map((list) =>
    list.map(({ interval, fast_interval, rise, fall, ...check }, nth) => ({
      ...check,
      ...((check.type ?? "off") === "off" && { type: "tcp" }),
      ...(nth === 1 && interval !== undefined && { interval }),
    })),
  );
}

// Two things in a list may not share a name, nor two backends an address.
function withOwnNames(items: readonly unknown[]): readonly unknown[] {
  const places = (items as readonly Map[]).map(({ unix, port }) => unix ?? port);
  const others = (items as readonly Map[]).filter(
    (_, index) => places[index] === undefined || places.indexOf(places[index]) === index,
  );
  return others.map((item, index) =>
    item.name === undefined ? item : { ...item, name: `${item.name}-${index}` },
  );
}

/** Each word once: what two routes would claim is an error. */
const routes = (pools: readonly string[]): fc.Arbitrary<readonly Map[]> => {
  const words = fc.oneof(
    hostname.map((name): Map => ({ sni: [name] })),
    hostname.map((name): Map => ({ sni: [`*.${name}`] })),
    fc.constantFrom("h2", "http/1.1", "imap").map((name): Map => ({ alpn: [name] })),
    fc.constantFrom<Map>({ default: true }, { tls: false }),
  );
  const target = fc.oneof(
    fc.constantFrom(...pools).map((pool): Map => ({ pool })),
    fc.constant<Map>({ refuse: true }),
  );
  const conditions = fc.uniqueArray(words, {
    minLength: 1,
    maxLength: 4,
    selector: (word) => JSON.stringify(word),
  });
  return conditions.chain((list) =>
    fc.tuple(...list.map((one) => target.map((to): Map => ({ ...one, ...to })))),
  );
};

const { top, listener } = tables;
const simple = fc
  .tuple(mapOf(top, ["listeners", "pools", "backends"]), written(top.backends!.field))
  .map(([rest, backends]): Map => ({ ...rest, backends }));

const full = fc
  .tuple(
    mapOf(top, ["port", "bind_address", "method", "backends", "listeners", "pools"]),
    written(top.pools!.field) as fc.Arbitrary<Map>,
  )
  .chain(([rest, pools]) => {
    const one = listenerIn(Object.keys(pools));
    const listeners = fc.uniqueArray(one, {
      minLength: 1,
      maxLength: 4,
      comparator: clash,
    });
    return listeners.map((list): Map => ({ ...rest, listeners: withOwnNames(list), pools }));
  });

/** The simple form or the full one. */
export const writtenConfig: fc.Arbitrary<Map> = fc.oneof(simple, full);
