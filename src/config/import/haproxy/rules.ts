// The rules of a frontend: where its clients go, and who is let in.
import type { Notebook } from "../draft/note.ts";
import { type Answer, type Client, type Routing, routesFor, STRANGER } from "../draft/routes.ts";
import { type Traced, traced } from "../draft/traced.ts";
import { type Admission, type Rule, readAdmission } from "./admission.ts";
import {
  type Condition,
  isTrue,
  readAcls,
  readCondition,
  splitRule,
  testsIn,
} from "./conditions.ts";
import type { Line } from "./lexer.ts";
import { readMapRules } from "./map-rules.ts";
import type { Section } from "./sections.ts";
import type { ReadList, Test } from "./tests.ts";
import { parseTime } from "./times.ts";

export type FrontendRules = {
  readonly routing: Routing;
  readonly admission: Admission;
  /** How long a hello is waited for. */
  readonly prereadMs: Traced | null;
  /** Pools that serve as another one's backups: `use_backend b if { nbsrv(a) lt 1 }`. */
  readonly backups: ReadonlyMap<string, { readonly pool: string; readonly line: Line }>;
  /** Every pool that a rule names, with the line. */
  readonly targets: ReadonlyMap<string, Line>;
};

/** `use_backend POOL if …` */
export type Choice = { readonly line: Line; readonly pool: string; readonly condition: Condition };

export type RuleSources = {
  readonly notes: Notebook;
  readonly readList: ReadList;
  readonly periodMs: number;
};

export function readRules(section: Section, sources: RuleSources): FrontendRules {
  const { notes, readList } = sources;
  const acls = readAcls(section.takeOwn("acl"), readList);
  const conditionOf = (words: readonly string[]) => readCondition(words, acls, readList);
  const rules = requestRules(section, { conditionOf, notes });
  if (section.kind === "frontend") noteTables(section, notes);
  const admission = readAdmission(rules, sources);
  const usual = section.takeLast("default_backend");
  const { choices, backups } = readChoices(section, { conditionOf, usual, sources });
  const content = rules.filter(({ phase, action }) => isRouting(phase, action));
  const decide = (client: Client): Answer => {
    for (const { condition, action } of content) {
      if (isTrue(condition, client) !== true) continue;
      if (action[0] === "accept") break;
      return "refuse";
    }
    const choice = choices.find(({ condition }) => isTrue(condition, client) === true);
    const pool = choice?.pool ?? usual?.words[1];
    return pool === undefined ? null : { pool };
  };
  const routing = routesFor({ ...wordsIn([...choices, ...content]), decide });
  noteRules(rules, { admission, routing, notes });
  for (const { quote, message } of routing.doubts) notes.differs(quote, message);
  const targets = new Map(choices.map(({ pool, line }) => [pool, line]));
  if (usual?.words[1] !== undefined) targets.set(usual.words[1], usual);
  return { routing, admission, prereadMs: prereadOf(section, routing, notes), backups, targets };
}

function isRouting(phase: string, [action = ""]: readonly string[]): boolean {
  return phase !== "connection" && ["accept", "reject", "silent-drop"].includes(action);
}

type Reading = {
  readonly conditionOf: (words: readonly string[]) => Condition;
  readonly notes: Notebook;
};

function requestRules(section: Section, { conditionOf, notes }: Reading): readonly Rule[] {
  let isCounted = false;
  return section.takeOwn("tcp-request").flatMap((line): Rule[] => {
    const [, phase = "", ...rest] = line.words;
    if (phase === "inspect-delay") return [];
    const { action } = splitRule(rest);
    const [verb = ""] = action;
    if (verb.startsWith("track-sc")) {
      isCounted = true;
      notes.needless(line, "bal counts each client's connections by itself");
      return [];
    }
    if (["accept", "reject", "silent-drop", "expect-proxy"].includes(verb)) {
      return [{ line, isCounted, phase, action, condition: conditionOf(rest) }];
    }
    const message =
      verb === "set-var" || verb === "capture"
        ? "bal has no variables; the name that a client asks for is in the access log as `sni`"
        : `bal has no such action (${verb || "none"})`;
    notes.lost(line, message);
    return [];
  });
}

function noteTables(section: Section, notes: Notebook): void {
  for (const line of section.takeOwn("stick-table")) {
    notes.needless(line, "bal counts each client's connections by itself");
  }
}

type ChoiceReading = {
  readonly conditionOf: Reading["conditionOf"];
  readonly usual: Line | null;
  readonly sources: RuleSources;
};

function readChoices(section: Section, { conditionOf, usual, sources }: ChoiceReading) {
  const choices: Choice[] = [];
  const backups = new Map<string, { pool: string; line: Line }>();
  for (const line of section.takeOwn("use_backend")) {
    const [, pool = "", ...rest] = line.words;
    const condition = conditionOf(rest);
    const tests = testsIn(condition);
    const [test] = tests;
    if (pool.includes("%[")) {
      const ofMap = readMapRules(line, pool, sources);
      if (ofMap.some((choice) => hasUnlisted(choice.condition))) sources.notes.lost(line, UNLISTED);
      choices.push(...ofMap);
    } else if (test?.kind === "servers" && tests.length === 1 && test.pool === usual?.words[1]) {
      backups.set(test.pool, { pool, line });
    } else {
      choices.push({ line, pool, condition });
      noteUnknown(line, condition, sources.notes);
    }
  }
  return { choices, backups };
}

function noteUnknown(line: Line, condition: Condition, notes: Notebook): void {
  const tests = testsIn(condition);
  const kinds = tests.map(({ kind }) => kind);
  const missing = missingIn(tests);
  if (missing !== null) return notes.lost(line, missing);
  if (hasUnlisted(condition)) return notes.lost(line, UNLISTED);
  if (kinds.includes("source")) {
    const message =
      "a route has a name, a protocol or no TLS as its condition, no address: give these clients a listener of their own, with `allow`";
    notes.lost(line, message);
  } else if (kinds.includes("servers")) {
    notes.lost(
      line,
      "bal does not route by the health of another pool: write those backends into one pool with `backup: true`",
    );
  } else if (tests.some((test) => test.kind === "said" && !test.value)) {
    notes.differs(
      line,
      "a client that says nothing counts as one without TLS when `timeouts.preread` is over",
    );
  } else if (kinds.some((kind) => ["unknown", "rate", "concurrent"].includes(kind))) {
    const message =
      "bal routes by the name (sni) or protocol (alpn) of a TLS client, and by whether it speaks TLS: this condition counts as never true. A listener with another port can take the place of the rule";
    notes.lost(line, message);
  }
}

const UNLISTED = "bal routes by whole names and by `*.` wildcards: write the names that are meant";

/** Is it about names that no route can list? One about every name needs no list. */
function hasUnlisted(condition: Condition): boolean {
  return testsIn(condition).some(
    (test) => test.kind === "name" && !test.isWhole && !test.matches(STRANGER.name),
  );
}

function missingIn(tests: readonly Test[]): string | null {
  const [path] = tests.flatMap((test) => (test.kind === "unknown" ? (test.missing ?? []) : []));
  return path === undefined
    ? null
    : `${path} can't be read here: import where it is, or write what it lists into the config`;
}

function wordsIn(rules: readonly { readonly line: Line; readonly condition: Condition }[]) {
  const names = new Map<string, Line>();
  const protocols = new Map<string, Line>();
  for (const { line, condition } of rules) {
    for (const test of testsIn(condition)) {
      if (test.kind === "name") for (const name of test.names) setOnce(names, name, line);
      if (test.kind === "protocol") {
        for (const protocol of test.protocols) setOnce(protocols, protocol, line);
      }
    }
  }
  return { names, protocols };
}

function setOnce(map: Map<string, Line>, key: string, line: Line): void {
  if (!map.has(key)) map.set(key, line);
}

type Known = {
  readonly admission: Admission;
  readonly routing: Routing;
  readonly notes: Notebook;
};

// Rules that are neither in a list nor in a limit.
function noteRules(rules: readonly Rule[], { admission, routing, notes }: Known): void {
  for (const rule of rules) {
    if (admission.used.has(rule)) continue;
    const { line, action, phase, condition } = rule;
    const tests = testsIn(condition);
    const missing = missingIn(tests);
    const isRouted = isRouting(phase, action) && tests.every(({ kind }) => isSeenByRoutes(kind));
    if (missing !== null) notes.lost(line, missing);
    else if (action[0] !== "accept" && hasUnlisted(condition)) notes.lost(line, UNLISTED);
    else if (
      action[0] === "accept" &&
      (isRouted || tests.every(({ kind }) => kind === "unknown"))
    ) {
      notes.needless(line, "a listener with routes waits for the client's hello by itself");
    } else if (!isRouted) {
      notes.lost(
        line,
        "bal refuses clients by address, by count, by rate and by what their TLS hello asks for, not by this condition",
      );
    } else if (routing.routes.length === 0) {
      notes.differs(line, "without routes bal does not read what a client says");
    }
  }
}

function isSeenByRoutes(kind: string): boolean {
  return ["name", "protocol", "tls", "constant", "said"].includes(kind);
}

function prereadOf(section: Section, routing: Routing, notes: Notebook): Traced | null {
  const line = section.takeLast("tcp-request", "inspect-delay");
  const ms = parseTime(line?.words[2]);
  if (line === null) return null;
  if (routing.routes.length > 0 && ms !== null && ms > 0) return traced(ms, line);
  notes.needless(line, "without routes nothing is waited for");
  return null;
}
