// The names of the config: what each resolves to from here, and how long that took.
import { lookup } from "node:dns/promises";
import { parseIp } from "../../base/address.ts";
import { codeOf } from "../../base/os-error.ts";
import type { Config } from "../../config/config.ts";
import { hostnames } from "../backend-health.ts";
import { type Finding, Findings, mapEach } from "./finding.ts";

const AT_ONCE = 64;
const TIMEOUT_MS = 5000;
/** A reload waits 2 s for names that are new. */
const SLOW_MS = 1000;

export type Names = {
  /** The addresses of each name that has some. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly findings: readonly Finding[];
};

export type Lookup = (host: string) => Promise<readonly string[]>;

export async function checkNames(config: Config, ask: Lookup = askSystem): Promise<Names> {
  const found = new Findings("dns");
  const addresses = new Map<string, readonly string[]>();
  const answers = await mapEach(hostnames(config), AT_ONCE, (host) => askOne(host, ask));
  for (const { host, answer, tookMs } of answers) {
    if (!Array.isArray(answer) || answer.length === 0) {
      found.broken(
        `${host} does not resolve: ${typeof answer === "string" ? answer : "ENODATA"}`,
        "see the name, /etc/resolv.conf and /etc/hosts; its backends take no clients until it does",
      );
      continue;
    }
    addresses.set(host, answer);
    if (tookMs >= SLOW_MS) {
      found.advise(`${host} took ${tookMs} ms to resolve`, "a cache of names on this host helps");
    }
  }
  if (answers.length > 0) {
    const many = answers.length === 1 ? "1 name" : `${answers.length} names`;
    const slowestMs = Math.max(...answers.map(({ tookMs }) => tookMs));
    found.okUnlessOther(`${many} resolved, the slowest in ${slowestMs} ms`);
  }
  return { addresses, findings: found.all };
}

/** `answer`: addresses, or the code of what went wrong; null when it has none. */
async function askOne(host: string, ask: Lookup) {
  const beganMs = performance.now();
  const answer = await within(ask(host), TIMEOUT_MS).catch(codeOf);
  return { host, answer, tookMs: Math.round(performance.now() - beganMs) };
}

async function askSystem(host: string): Promise<readonly string[]> {
  const answers = await lookup(host, { all: true });
  return [...new Set(answers.flatMap(({ address }) => parseIp(address)?.ip ?? []))];
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(Object.assign(new Error("late"), { code: "ETIMEOUT" })),
    ms,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
