// How the servers of a backend are checked → `health_check`.

import { durationText } from "../draft/durations.ts";
import type { Notebook } from "../draft/note.ts";
import { isSame, type Traced, traced, type Value } from "../draft/traced.ts";
import { tlsKeys } from "./check-tls.ts";
import { readHttpCheck } from "./http-check.ts";
import type { Line } from "./lexer.ts";
import { PROTOCOL_CHECKS, protocolCheck } from "./protocol-checks.ts";
import type { Section } from "./sections.ts";
import type { Server } from "./server.ts";
import { numberOf, portOf, timeOf } from "./server.ts";
import type { Options } from "./server-options.ts";
import { exchangeOf, readConversation } from "./tcp-check.ts";
import { parseTime } from "./times.ts";

type Keys = Record<string, Value>;

export type Check = {
  /** `health_check`. */
  readonly value: Value;
  /** Where no backend is up, HAProxy refuses clients, and so does bal with these; with others it tries all
   *  unless the pool says `fail_open: false`. */
  readonly isOfApplication: boolean;
};

/** HAProxy's own defaults (5.2). */
const INTERVAL_MS = 2000;
const RISE = 2;
const FALL = 3;

export function readCheck(section: Section, servers: readonly Server[], notes: Notebook): Check {
  const check = mainCheck(section, servers, notes);
  const agent = agentCheck(servers, notes);
  if (agent === null) {
    const type = check === null ? "off" : String(plainType(check));
    return { value: check ?? { type: "off" }, isOfApplication: APPLICATION.includes(type) };
  }
  if (check === null) return { value: agent, isOfApplication: true };
  return { value: [{ ...check, ...paceOf(agent) }, withoutPace(agent)], isOfApplication: true };
}

/** Without checks no backend is ever down. */
const APPLICATION = ["http", "https", "exchange", "off"];

const PACE = ["interval", "timeout", "fast_interval", "rise", "fall"];

// The checks of a list are made together: as often, and as soon decided, as the agent is asked.
function paceOf(check: Keys): Keys {
  return Object.fromEntries(Object.entries(check).filter(([key]) => PACE.includes(key)));
}

function withoutPace(check: Keys): Keys {
  return Object.fromEntries(Object.entries(check).filter(([key]) => !PACE.includes(key)));
}

function plainType({ type = "tcp" }: Keys): Value {
  return typeof type === "object" && "value" in type ? (type as Traced).value : type;
}

function mainCheck(section: Section, servers: readonly Server[], notes: Notebook): Keys | null {
  const kind = kindOf(section);
  const tcpLines = section.take("tcp-check");
  const httpLines = section.take("http-check");
  const checked = servers.filter(({ options }) => options.has("check"));
  const [first] = checked;
  const limit = section.takeLast("timeout", "check");
  if (first === undefined) {
    const message = "no server has `check`: backends are not checked, in HAProxy as in bal";
    for (const line of [kind, ...tcpLines, ...httpLines]) {
      if (line !== null) notes.needless(line, message);
    }
    return null;
  }
  for (const { line, options } of servers) {
    if (options.has("check")) continue;
    notes.differs(line, "a check belongs to a pool: this backend is checked like the others");
  }
  const lines = kind?.words[1] === "httpchk" ? httpLines : tcpLines;
  const found = byKind({ kind, lines, isTls: isTlsChecked(first.options), notes });
  const keys = {
    ...found.keys,
    ...(found.isTls && tlsKeys(found.serverName, first, notes)),
    ...portKeys(found.port, checked, notes),
    ...timing(first, limit),
  };
  noteOthers(checked, limit, notes);
  return keys;
}

type Found = {
  readonly keys: Keys;
  readonly port: number | null;
  readonly isTls: boolean;
  readonly serverName: string | null;
};

const KINDS = ["httpchk", "tcp-check", "external-check", "spop-check", ...PROTOCOL_CHECKS];

// The nearest, and of these the last.
function kindOf(section: Section): Line | null {
  const lines = KINDS.flatMap((name) => section.takeOption(name) ?? []);
  const own = lines.filter((line) => section.lines.includes(line));
  const [last = null] = (own.length > 0 ? own : lines).sort((a, b) => b.line - a.line);
  return last;
}

type Reading = {
  readonly kind: Line | null;
  readonly lines: readonly Line[];
  readonly isTls: boolean;
  readonly notes: Notebook;
};

function byKind({ kind, lines, isTls, notes }: Reading): Found {
  const none = { port: null, serverName: null };
  if (kind === null) {
    return { ...none, isTls, keys: isTls ? { type: "tls" } : {} };
  }
  const [, name] = kind.words;
  if (name === "httpchk") return httpFound({ kind, lines, isTls, notes });
  if (name !== "tcp-check") return { ...none, isTls: false, keys: protocolCheck(kind, notes) };
  const { steps, port, isTls: isSecure } = readConversation(lines, notes);
  if (isTls || isSecure) {
    for (const { line } of steps) {
      notes.lost(line, "inside TLS, bal's checks speak only HTTP: the check is the handshake");
    }
    return { ...none, port, isTls: true, keys: { type: traced("tls", kind) } };
  }
  return { ...none, port, isTls: false, keys: exchangeOf(steps) ?? {} };
}

function httpFound({ kind, lines, isTls, notes }: Reading & { readonly kind: Line | null }): Found {
  if (kind === null) return { keys: {}, port: null, isTls, serverName: null };
  const { keys, port, isTls: isSecure, serverName } = readHttpCheck(kind, lines, notes);
  if (!isTls && !isSecure) {
    return { port, serverName, isTls: false, keys: { type: traced("http", kind), ...keys } };
  }
  return { port, serverName, isTls: true, keys: { type: traced("https", kind), ...keys } };
}

function isTlsChecked(options: Options): boolean {
  return options.has("check-ssl") || (options.has("ssl") && !options.has("port"));
}

function portKeys(port: number | null, checked: readonly Server[], notes: Notebook): Keys {
  const [first] = checked;
  const option = first?.options.get("port");
  const own = first === undefined ? null : portOf(first.options, "port");
  if (own !== null && option !== undefined) {
    for (const { options } of checked) {
      const other = options.get("port");
      if (portOf(options, "port") === own) continue;
      notes.lost(
        other?.quote ?? first?.line ?? option.quote,
        `a check belongs to a pool: all backends are checked at port ${own}`,
      );
    }
    return { port: own };
  }
  const { address } = first ?? {};
  return port === null || (address?.kind === "tcp" && address.port === port) ? {} : { port };
}

function timing({ options }: Server, limit: Line | null): Keys {
  const interval = timeOf(options, "inter") || INTERVAL_MS;
  const timeout = parseTime(limit?.words[2]) ?? interval;
  return {
    interval: durationText(interval),
    timeout: limit === null ? durationText(timeout) : traced(durationText(timeout), limit),
    fast_interval: durationText(timeOf(options, "fastinter") ?? interval),
    rise: count(numberOf(options, "rise") ?? RISE),
    fall: count(numberOf(options, "fall") ?? FALL),
  };
}

function count(checks: number): number {
  return Math.min(Math.max(checks, 1), 100);
}

function noteOthers(checked: readonly Server[], limit: Line | null, notes: Notebook): void {
  const [first, ...others] = checked;
  for (const { options } of checked) {
    const slow = options.get("downinter");
    if (
      slow === undefined ||
      timeOf(options, "downinter") === (timeOf(options, "inter") || INTERVAL_MS)
    )
      continue;
    notes.differs(
      slow.quote,
      "a backend that is down is checked as often as the others (`interval`)",
    );
  }
  for (const other of others) {
    if (first === undefined || isSame(timing(first, limit), timing(other, limit))) continue;
    notes.differs(
      other.line,
      "a check belongs to a pool: this backend is checked as often as the first",
    );
  }
}

function agentCheck(servers: readonly Server[], notes: Notebook): Keys | null {
  const [first] = servers.filter(({ options }) => options.has("agent-check"));
  const option = first?.options.get("agent-check");
  const port = first === undefined ? null : portOf(first.options, "agent-port");
  if (first === undefined || option === undefined || port === null) return null;
  const interval = timeOf(first.options, "agent-inter") || INTERVAL_MS;
  const send = first.options.get("agent-send")?.words[1];
  const message =
    "an agent that answers `up` is up, any other answer is down; percentages, `drain` and `maint` are not read. Other checks are made as often as the agent is asked";
  for (const { options } of servers) {
    const one = options.get("agent-check");
    if (one !== undefined) notes.differs(one.quote, message);
  }
  return {
    type: traced("exchange", option.quote),
    port,
    ...(send !== undefined && { send }),
    expect: "up",
    interval: durationText(interval),
    timeout: durationText(interval),
    fast_interval: durationText(interval),
    rise: 1,
    fall: 1,
  };
}
