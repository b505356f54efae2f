// How HAProxy chooses a server → `method`: `balance`, `hash-type`, stick tables, and backups.
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import type { Section } from "./sections.ts";
import { numberOf, type Server } from "./server.ts";

export type Balance = {
  /** `method` and `hash`. */
  readonly keys: Readonly<Record<string, Value>>;
  readonly hasWeights: boolean;
  readonly isBackup: (server: Server) => boolean;
};

const METHODS: Readonly<Record<string, string>> = {
  roundrobin: "round_robin",
  "static-rr": "round_robin",
  leastconn: "least_connections",
  first: "first",
  random: "random",
  source: "source_hash",
};

export function readBalance(
  section: Section,
  servers: readonly Server[],
  notes: Notebook,
): Balance {
  const method = readStick(section, notes) ?? readMethod(section, notes);
  const hashed = hashKeys(section, method, notes);
  const backups = servers.filter(({ options }) => options.has("backup"));
  const primaries = servers.length - backups.length;
  const all = section.takeOption("allbackups");
  const isMarked = (server: Server) => server.options.has("backup");
  const keep = { ...method, hash: hashed };
  if (all !== null || backups.length < 2) {
    const hasTiers = primaries > 0 || backups.length === 0;
    return balance(keep, hasTiers ? isMarked : () => false);
  }
  // One after the other, in the order of the file.
  const isLimited = servers.some(({ options }) => (numberOf(options, "maxconn") ?? 0) > 0);
  if (primaries <= 1 && !isLimited) {
    const lines = backups.flatMap(({ options }) => options.get("backup")?.quote ?? []);
    return balance({ value: traced("first", ...lines), hash: {} }, () => false);
  }
  for (const { options } of backups) {
    const option = options.get("backup");
    if (option === undefined) continue;
    notes.differs(
      option.quote,
      "HAProxy uses the first backup that is up; in bal all backups share the clients",
    );
  }
  return balance(keep, primaries > 0 ? isMarked : () => false);
}

type Method = { readonly value: Value | null };

function balance(
  { value, hash }: Method & { readonly hash: Readonly<Record<string, Value>> },
  isBackup: (server: Server) => boolean,
): Balance {
  const word =
    value !== null && typeof value === "object" && "value" in value ? value.value : value;
  const isDefault = word === null || word === "round_robin";
  return {
    keys: { ...(!isDefault && value !== null && { method: value }), ...hash },
    hasWeights: word !== "first",
    isBackup,
  };
}

function readMethod(section: Section, notes: Notebook): Method {
  const line = section.takeLast("balance");
  if (line === null) return { value: null };
  const [, written = "roundrobin", argument] = line.words;
  const [name = ""] = written.split("(");
  if (name === "hash" && argument?.startsWith("src")) return { value: traced("source_hash", line) };
  const method = METHODS[name];
  if (method !== undefined) return { value: traced(method, line) };
  notes.lost(
    line,
    "bal balances by round_robin, least_connections, random, least_time, first or the client's address (source_hash): the address it is",
  );
  return { value: traced("source_hash", line) };
}

function hashKeys(section: Section, { value }: Method, notes: Notebook): Record<string, Value> {
  const kind = section.takeLast("hash-type");
  if (kind !== null) {
    notes.needless(
      kind,
      "source_hash is consistent: when a backend goes, only its own clients move",
    );
  }
  const line = section.takeLast("hash-balance-factor");
  const percent = Number(line?.words[1]);
  if (line === null || value === null || !(percent > 100)) return {};
  return { hash: { bounded: traced(`${percent}%`, line) } };
}

// Null: clients do not stick.
function readStick(section: Section, notes: Notebook): Method | null {
  const rules = section.takeOwn("stick");
  const tables = section.takeOwn("stick-table");
  const persist = section.take("persist");
  const [rule = persist.at(-1)] = rules;
  if (rule === undefined) {
    for (const line of tables) {
      notes.needless(line, "bal counts each client's connections by itself; it has no tables");
    }
    return null;
  }
  section.takeLast("balance");
  for (const line of tables) {
    notes.differs(line, "bal remembers no clients: its method alone decides");
  }
  const fetches = rules.map(({ words }) => words[2] ?? "");
  if (fetches.every((fetch) => /^src\b/.test(fetch)) && fetches.length > 0) {
    for (const line of rules) {
      notes.differs(
        line,
        "a client's address decides; when a backend is back, its clients go back to it",
      );
    }
    return { value: traced("source_hash", ...rules) };
  }
  if (fetches.some((fetch) => /^dst\b|^int\(|^always|^str\(/.test(fetch))) {
    notes.differs(
      rule,
      "all clients stay with one backend, the first that is up (method: first); when an earlier one is back, new clients go back to it",
    );
    return { value: traced("first", rule) };
  }
  for (const line of [...rules, ...persist]) {
    notes.lost(
      line,
      "bal knows a client by its address only (method: source_hash): clients behind one NAT share a backend",
    );
  }
  return { value: traced("source_hash", rule) };
}
