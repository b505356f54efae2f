// The names that a config looks up, and what the config comes to with their answers: hosts of
// backends, SRV records and the hosts that they point to.

import type { DiscoverStatus } from "../../api/admin-api.ts";
import { parseIp } from "../../base/address.ts";
import type { Config, PoolConfig } from "../../config/config.ts";
import type { Log } from "../logs/log.ts";
import { type Answers, targetsOf, withDiscovered } from "./discovered.ts";
import { DnsClient, type SrvRecord } from "./dns-client.ts";
import { type Answer, type KnownAnswer, Resolver, type Turn } from "./resolver.ts";
import { isUnusable } from "./useless-addresses.ts";

/** How long new SRV records wait for the addresses of the hosts that they point to. */
const TARGETS_MS = 2000;
/** Answers that come together are one change. */
const TOGETHER_MS = 20;

/** The last good answers of one process, for another one. */
export type KnownAnswers = {
  readonly hosts: readonly KnownAnswer<string>[];
  readonly services: readonly KnownAnswer<SrvRecord>[];
};

export class Discovery {
  private readonly log: Log;
  private readonly onChange: () => void;
  private readonly dns = new DnsClient({ servers: [], intervalMs: 0 });
  private readonly hosts: Resolver<string>;
  private readonly services: Resolver<SrvRecord>;
  private config: Config | null = null;
  private hasOtherServers = false;
  private change: Timer | null = null;
  /** Addresses of a host that were warned of, as one text. */
  private readonly unusable = new Map<string, string>();
  private readonly answers: Answers = {
    addressesOf: (host) => this.hosts.answer(host),
    servicesOf: (name) => this.services.answer(name),
  };

  constructor(log: Log, onChange: () => void) {
    this.log = log;
    this.onChange = onChange;
    const onTurn = (turn: Turn) => this.logTurn(turn);
    this.hosts = new Resolver({
      lookUp: async (host, known) => this.usable(host, await this.dns.addresses(host, known)),
      onChange: () => this.changed(),
      onTurn,
    });
    this.services = new Resolver({
      lookUp: (name, known) => this.dns.services(name, known),
      onChange: () => void this.pointedElsewhere(),
      onTurn,
    });
  }

  /** Takes what another process was answered; it is asked for again. */
  know({ hosts, services }: KnownAnswers): void {
    this.hosts.know(hosts);
    this.services.know(services);
  }

  knowledge(): KnownAnswers {
    return { hosts: this.hosts.knowledge(), services: this.services.knowledge() };
  }

  /** Looks up the names of a config that are new, for `withinMs` at most. */
  async resolve(config: Config, withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    this.configure(config);
    await Promise.all([
      this.hosts.resolve(hostnames(config), withinMs),
      this.services.resolve(serviceNames(config), withinMs).then(() => {
        const leftMs = Math.max(0, deadlineMs - performance.now());
        return this.hosts.resolve(targetsOf(config, this.answers), leftMs);
      }),
    ]);
  }

  /** Keeps the names of a config fresh, and forgets all others. */
  setNames(config: Config): void {
    this.configure(config);
    this.config = config;
    this.services.setNames(serviceNames(config));
    this.followHosts(config);
    if (!this.hasOtherServers) return;
    this.hasOtherServers = false;
    this.services.askAgain();
    this.hosts.askAgain();
  }

  /** The config with what was discovered. */
  expand(config: Config): Config {
    return withDiscovered(config, this.answers);
  }

  addressesOf(host: string): readonly string[] | null {
    return this.hosts.answer(host);
  }

  /** Why the last look-up of a host failed, or null. */
  hostError(host: string): string | null {
    return this.hosts.lastError(host);
  }

  /** Names whose last look-up failed, and whose answer before it is in use. */
  failing(): readonly { readonly name: string; readonly error: string }[] {
    const of = (names: Iterable<string>, from: Pick<Resolver<unknown>, "answer" | "lastError">) =>
      [...names].flatMap((name) => {
        const error = from.lastError(name);
        return error === null || from.answer(name) === null ? [] : { name, error };
      });
    if (this.config === null) return [];
    const hosts = new Set([...hostnames(this.config), ...targetsOf(this.config, this.answers)]);
    return [...of(hosts, this.hosts), ...of(serviceNames(this.config), this.services)];
  }

  /** Why a backend at this host has no address, in words. */
  whyUnresolved(host: string): string {
    const error = this.hostError(host);
    if (error !== null) return `${host} does not resolve (${error})`;
    return this.addressesOf(host) === null
      ? `${host} has no answer yet`
      : `${host} leads to bal's own listener`;
  }

  /** How it stands with a pool's own name; null for one that discovers nothing. */
  stateOf({ discover }: PoolConfig): DiscoverStatus | null {
    if (discover === null) return null;
    const { kind, name } = discover;
    const from = kind === "srv" ? this.services : this.hosts;
    const error = from.lastError(name);
    if (from.answer(name) === null) return { name, state: "unresolved", error };
    return { name, state: error === null ? "resolved" : "stale", error };
  }

  stop(): void {
    this.config = null;
    this.hosts.stop();
    this.services.stop();
    if (this.change !== null) clearTimeout(this.change);
  }

  private configure({ resolver }: Config): void {
    if (this.dns.configure(resolver) && this.config !== null) this.hasOtherServers = true;
    for (const names of [this.hosts, this.services]) {
      names.intervalMs = resolver.intervalMs;
      names.holdMs = resolver.holdMs;
    }
  }

  private followHosts(config: Config): void {
    this.hosts.setNames([...hostnames(config), ...targetsOf(config, this.answers)]);
  }

  // Nothing changes before it is known where: those that were there go on.
  private async pointedElsewhere(): Promise<void> {
    const { config } = this;
    if (config === null) return;
    await this.hosts.resolve(targetsOf(config, this.answers), TARGETS_MS);
    // A config that came meanwhile has seen to it.
    if (this.config !== config) return;
    this.followHosts(config);
    this.changed();
  }

  private changed(): void {
    this.change ??= setTimeout(() => {
      this.change = null;
      this.onChange();
    }, TOGETHER_MS);
  }

  private logTurn({ name, kind, error }: Turn): void {
    const fields = { name, error };
    if (kind === "answers") return this.log.info("dns-answers", `${name} resolves again`, { name });
    const message =
      kind === "fails"
        ? `${name} does not resolve (${error}); bal keeps its last answer`
        : `${name} no longer exists (${error}); its backends get no new clients`;
    this.log.warn(`dns-${kind}`, message, fields);
  }

  /** An answer without what no host can have. */
  private usable(host: string, { late, ...answer }: Answer<string>): Answer<string> {
    const records = answer.records.filter((ip) => !isUnusable(ip));
    this.warnUnusable(host, answer.records.filter(isUnusable).sort().join(", "));
    const whole = late?.then((next) => this.usable(host, next));
    return { ...answer, records, ...(whole && { late: whole }) };
  }

  // Once, until the answer is another one.
  private warnUnusable(host: string, addresses: string): void {
    if (addresses === (this.unusable.get(host) ?? "")) return;
    this.unusable.set(host, addresses);
    if (addresses === "") return;
    const message = `the answer for ${host} has addresses that no host can have; bal leaves them out: ${addresses}`;
    this.log.warn("dns-unusable", message, { name: host, addresses });
  }
}

/** Those that a config itself has. */
export function hostnames({ pools }: Config): readonly string[] {
  const hosts = pools.flatMap(({ backends, discover }) => [
    ...backends.flatMap(({ address }) => (address.kind === "host" ? address.host : [])),
    ...(discover?.kind === "dns" ? [discover.name] : []),
  ]);
  return [...new Set(hosts.filter((host) => parseIp(host) === null))];
}

export function serviceNames({ pools }: Config): readonly string[] {
  return [
    ...new Set(pools.flatMap(({ discover }) => (discover?.kind === "srv" ? discover.name : []))),
  ];
}
