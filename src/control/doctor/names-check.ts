// The names of the config: what each resolves to from here, and how long that took.
import { codeOf } from "../../base/os-error.ts";
import type { Config } from "../../config/config.ts";
import { hostnames, serviceNames } from "../discovery/discovery.ts";
import { DnsClient } from "../discovery/dns-client.ts";
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

/** The functions that look up the addresses of a host, and the SRV records of a service. */
type Lookup = {
  readonly addresses: (host: string) => Promise<readonly string[]>;
  readonly services: (name: string) => Promise<readonly unknown[]>;
};

export async function checkNames(config: Config, lookup = byDns(config)): Promise<Names> {
  const found = new Findings("dns");
  const addresses = new Map<string, readonly string[]>();
  const [hosts, services] = await Promise.all([
    mapEach(hostnames(config), AT_ONCE, (host) => askOne(host, lookup.addresses)),
    mapEach(serviceNames(config), AT_ONCE, (name) => askOne(name, lookup.services)),
  ]);
  const answers = [...hosts, ...services];
  const sources = config.resolver.servers.length > 0 ? "resolver.servers" : "/etc/resolv.conf";
  for (const { host, answer, tookMs } of answers) {
    if (!Array.isArray(answer) || answer.length === 0) {
      found.broken(
        `${host} does not resolve: ${typeof answer === "string" ? answer : "ENODATA"}`,
        `check the name, ${sources} and /etc/hosts; its backends get no clients until it resolves`,
      );
      continue;
    }
    if (tookMs >= SLOW_MS) {
      found.advise(`${host} took ${tookMs} ms to resolve`, "use a DNS cache on this host");
    }
  }
  for (const { host, answer } of hosts) {
    if (Array.isArray(answer) && answer.length > 0) addresses.set(host, answer);
  }
  if (answers.length > 0) {
    const many = answers.length === 1 ? "1 name" : `${answers.length} names`;
    const slowestMs = Math.max(...answers.map(({ tookMs }) => tookMs));
    found.okUnlessOther(`${many} resolved, the slowest in ${slowestMs} ms`);
  }
  return { addresses, findings: found.all };
}

/** `answer`: addresses, or the code of what went wrong; null when it has none. */
async function askOne<T>(host: string, ask: (host: string) => Promise<readonly T[]>) {
  const beganMs = performance.now();
  const answer = await within(ask(host), TIMEOUT_MS).catch(codeOf);
  return { host, answer, tookMs: Math.round(performance.now() - beganMs) };
}

function byDns(config: Config): Lookup {
  const dns = new DnsClient(config.resolver);
  return {
    addresses: async (host) => [...new Set((await dns.addresses(host, null)).records)],
    services: async (name) => (await dns.services(name, null)).records,
  };
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
