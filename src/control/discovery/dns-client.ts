// Asks name servers, by c-ares: the addresses of a host, the SRV records of a service. Remembers
// nothing but what c-ares does.
import { promises as dns } from "node:dns";
import { formatHostPort, isHostname, parseIp } from "../../base/address.ts";
import { codeOf } from "../../base/os-error.ts";
import type { ResolverConfig } from "../../config/config.ts";
import { askFamilies, type Family } from "./address-families.ts";
import { addressesInHosts, searchList } from "./local-names.ts";
import { NameServers } from "./name-servers.ts";
import { type Answer, isAbsent } from "./resolver.ts";

/** RFC 2782 */
export type SrvRecord = {
  /** A hostname in lower case, complete, without its last dot. */
  readonly target: string;
  readonly port: number;
  /** The lowest is asked first. */
  readonly priority: number;
  /** Its share among those of the same priority. */
  readonly weight: number;
};

type DnsSettings = Pick<ResolverConfig, "servers" | "intervalMs">;

/** How long a name of the search list is waited for before the next one is asked as well. */
const NEXT_NAME_MS = 100;
/** Aliases of aliases that are followed. */
const MAX_ALIASES = 8;
/** A server's errors for a zone that it cannot answer for: the next name may be in another zone. */
const ZONE_TROUBLE = ["ESERVFAIL", "EREFUSED"];

/** A name has no address, or it is not known whether it has one. */
class NoAddress extends Error {
  readonly code: string;
  /** The next name of the search list may be asked. */
  readonly mayGoOn: boolean;

  constructor(code: string, mayGoOn: boolean) {
    super(`no address: ${code}`);
    this.code = code;
    this.mayGoOn = mayGoOn;
  }
}

export class DnsClient {
  private config: DnsSettings;
  private servers: NameServers | null = null;
  private madeAtMs = 0;

  constructor(config: DnsSettings) {
    this.config = config;
  }

  /** Returns whether other servers are asked from now on. */
  configure(config: DnsSettings): boolean {
    const isOther = !Bun.deepEquals(config.servers, this.config.servers);
    this.config = config;
    if (isOther) this.servers = null;
    return isOther;
  }

  /**
   * The addresses of a host, IPv4 first: from /etc/hosts, else by DNS with the search list and
   * last by getaddrinfo(3) unless servers are configured. A family that is late, or that could not
   * be asked for, keeps its addresses that are `known`.
   *
   * Rejects with the code of c-ares or of getaddrinfo. When the code says that the name is absent,
   * a server that knows has said so.
   */
  async addresses(host: string, known: Answer<string> | null): Promise<Answer<string>> {
    const local = await addressesInHosts(host);
    if (local.length > 0) return { records: local, ttlMs: Number.POSITIVE_INFINITY };
    const before = known?.records ?? [];
    try {
      return await this.askEach(host, known, (name) => this.askAddresses(name, before));
    } catch (error) {
      if (this.config.servers.length > 0) throw error;
      // Names that no name server knows: other services of nsswitch.conf(5) may.
      const found = await dns.lookup(host, { all: true }).catch((other: unknown) => {
        throw isAbsent(codeOf(error)) ? other : error;
      });
      return { records: ipsOf(found), ttlMs: Number.POSITIVE_INFINITY };
    }
  }

  /** Rejects with the code of c-ares. */
  async services(name: string, known: Answer<SrvRecord> | null): Promise<Answer<SrvRecord>> {
    return await this.askEach(name, known, async (complete) => {
      const found = await this.ask().services(complete);
      const records = found.map(({ name: target, ...record }) => ({
        ...record,
        target: target.toLowerCase().replace(/\.$/, ""),
      }));
      // The channel answers from its memory until the TTL of these records is over, which it does not
      // tell: asked all the time, it asks the server just then.
      const usable = records.filter(({ target, port }) => isHostname(target) && port > 0);
      return { records: usable, ttlMs: 0 };
    });
  }

  // The first name of the search list that exists. While a server is slow about one name, the next one is
  // asked already. Trouble with the name that was found before does not let another one take its place.
  private async askEach<T>(
    host: string,
    known: Answer<T> | null,
    ask: (complete: string) => Promise<Answer<T>>,
  ): Promise<Answer<T>> {
    const names = this.config.servers.length > 0 ? [host] : await searchList(host);
    const asked: Promise<Answer<T>>[] = [];
    for (const complete of names) {
      const answer = ask(complete).then((found) => ({ ...found, name: complete }));
      asked.push(answer);
      const isFound = answer.then(
        () => true,
        () => false,
      );
      if (await Promise.race([isFound, Bun.sleep(NEXT_NAME_MS)])) break;
    }
    let trouble: unknown = null;
    let absence: unknown = null;
    for (const [index, answer] of asked.entries()) {
      try {
        return await answer;
      } catch (error) {
        if (isAbsent(codeOf(error))) absence = error;
        else if (mayGoOn(error) && names[index] !== known?.name) trouble ??= error;
        else throw error;
      }
    }
    throw trouble ?? absence;
  }

  private async askAddresses(
    name: string,
    known: readonly string[],
    aliases = 0,
  ): Promise<Answer<string>> {
    const servers = this.ask();
    const asked = [servers.ipv4(name), servers.ipv6(name)] as const;
    const { families, late } = await askFamilies(asked, known);
    if (families.some(({ found }) => found.length > 0)) {
      return { ...combined(families), ...(late !== null && { late: late.then(combined) }) };
    }
    // An answer may be an alias without the address that it leads to (RFC 1034, section 5.2.2).
    if (families.some(({ error }) => error === null) && aliases < MAX_ALIASES) {
      const [target] = await servers.aliases(name).catch(() => []);
      if (target !== undefined) return await this.askAddresses(`${target}.`, known, aliases + 1);
    }
    throw whyNone(families, known);
  }

  /** c-ares remembers nothing that is older than its channels. */
  private ask(): NameServers {
    const { servers, intervalMs } = this.config;
    const nowMs = performance.now();
    if (this.servers !== null && nowMs - this.madeAtMs < intervalMs) return this.servers;
    this.servers = new NameServers(servers.map(({ ip, port }) => formatHostPort(ip, port)));
    this.madeAtMs = nowMs;
    return this.servers;
  }
}

/** Joins the answers of families of which one at least has an address. */
function combined(families: readonly Family[]): Answer<string> {
  const found = families.flatMap((one) => one.found);
  // Bun 1.4.5 gives the TTL of the first 256 only.
  const ttlMs = 1000 * Math.min(...found.flatMap(({ ttl }) => ttl ?? []));
  return { records: families.flatMap((one) => [...ipsOf(one.found), ...one.kept]), ttlMs };
}

// Trouble with one family does not hide that the other one, whose addresses were known, is gone.
function whyNone(families: readonly Family[], known: readonly string[]): NoAddress {
  const troubles = families.flatMap(({ error }) =>
    error === null || isAbsent(error) ? [] : [error],
  );
  const [trouble] = troubles;
  const areAllGone = known.length > 0 && families.every(({ kept }) => kept.length === 0);
  if (trouble === undefined || (areAllGone && troubles.length < families.length)) {
    return new NoAddress("ENOTFOUND", true);
  }
  const isHalf = troubles.length < families.length;
  return new NoAddress(trouble, isHalf || ZONE_TROUBLE.includes(trouble));
}

function mayGoOn(error: unknown): boolean {
  return error instanceof NoAddress ? error.mayGoOn : ZONE_TROUBLE.includes(codeOf(error) ?? "");
}

function ipsOf(answers: readonly { readonly address: string }[]): readonly string[] {
  return answers.flatMap(({ address }) => parseIp(address)?.ip ?? []);
}
