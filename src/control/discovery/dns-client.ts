// Asks name servers, by c-ares: the addresses of a host, the SRV records of a service. Remembers
// nothing but what c-ares does.
import { promises as dns } from "node:dns";
import { formatHostPort, isHostname, parseIp } from "../../base/address.ts";
import { codeOf } from "../../base/os-error.ts";
import type { ResolverConfig } from "../../config/config.ts";
import { addressesInHosts, searchList } from "./local-names.ts";
import type { Answer } from "./resolver.ts";

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

type JsonChannel = InstanceType<typeof dns.Resolver>;

/** Each server is asked so often, and waited for so long: Bun 1.4.5 counts in whole seconds. */
const ASKING = { timeout: 1000, tries: 2 };
const NO_SUCH = ["ENOTFOUND", "ENODATA"];
const NOTHING = Object.assign(new Error("it has no address"), { code: "ENOTFOUND" });

export class DnsClient {
  private config: ResolverConfig;
  private channel: JsonChannel | null = null;
  private madeAtMs = 0;

  constructor(config: ResolverConfig) {
    this.config = config;
  }

  /** Returns whether other servers are asked from now on. */
  configure(config: ResolverConfig): boolean {
    const isOther = !Bun.deepEquals(config.servers, this.config.servers);
    this.config = config;
    if (isOther) this.channel = null;
    return isOther;
  }

  /**
   * The addresses of a host, IPv4 first: from /etc/hosts, else by DNS with the search list and
   * last by getaddrinfo(3) unless servers are configured. When only the one family could not be
   * asked for, its addresses stay those that are `known`.
   *
   * Rejects with the code of c-ares or of getaddrinfo.
   */
  async addresses(host: string, known: readonly string[] | null): Promise<Answer<string>> {
    const local = await addressesInHosts(host);
    if (local.length > 0) return { records: local, ttlMs: Number.POSITIVE_INFINITY };
    const asked = this.askEach(host, (name) => this.askAddresses(name, known ?? []));
    if (this.config.servers.length > 0) return await asked;
    return await asked.catch(async () => ({
      // What no name server knows: other services of nsswitch.conf(5).
      records: ipsOf(await dns.lookup(host, { all: true })),
      ttlMs: Number.POSITIVE_INFINITY,
    }));
  }

  /** Rejects with the code of c-ares. */
  async services(name: string): Promise<Answer<SrvRecord>> {
    const found = await this.askEach(name, (complete) => this.ask().resolveSrv(complete));
    const records = found.map(({ name: target, ...record }) => ({
      ...record,
      target: target.toLowerCase().replace(/\.$/, ""),
    }));
    // The channel answers from its memory until the TTL of these records is over, which it does not
    // tell: asked all the time, it asks the server just then.
    const usable = records.filter(({ target, port }) => isHostname(target) && port > 0);
    return { records: usable, ttlMs: 0 };
  }

  // The first name that exists. Only one that does not lets the next be asked.
  private async askEach<T>(name: string, ask: (complete: string) => Promise<T>): Promise<T> {
    const names = this.config.servers.length > 0 ? [name] : await searchList(name);
    let last: unknown = null;
    for (const complete of names) {
      try {
        return await ask(complete);
      } catch (error) {
        last = error;
        if (!isAbsent(error)) break;
      }
    }
    throw last;
  }

  private async askAddresses(name: string, known: readonly string[]): Promise<Answer<string>> {
    const channel = this.ask();
    const families = await Promise.allSettled([
      channel.resolve4(name, { ttl: true }),
      channel.resolve6(name, { ttl: true }),
    ]);
    const found = families.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    const kept = families.flatMap((one, index) => {
      if (one.status === "fulfilled" || isAbsent(one.reason)) return [];
      const family = index === 0 ? 4 : 6;
      return known.filter((address) => parseIp(address)?.family === family);
    });
    if (found.length === 0) {
      const errors = families.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      // An alias of a name without addresses is an answer, and an empty one.
      throw errors.find((error) => !isAbsent(error)) ?? errors[0] ?? NOTHING;
    }
    // Bun 1.4.5 gives the TTL of the first 256 only.
    const ttlMs = 1000 * Math.min(...found.flatMap(({ ttl }) => ttl ?? []));
    return { records: [...ipsOf(found), ...kept], ttlMs };
  }

  /** What c-ares remembers is as old as its channel at most. */
  private ask(): JsonChannel {
    const { servers, intervalMs } = this.config;
    const nowMs = performance.now();
    if (this.channel !== null && nowMs - this.madeAtMs < intervalMs) return this.channel;
    const channel = new dns.Resolver(ASKING);
    if (servers.length > 0) {
      channel.setServers(servers.map(({ ip, port }) => formatHostPort(ip, port)));
    }
    this.channel = channel;
    this.madeAtMs = nowMs;
    return channel;
  }
}

function isAbsent(error: unknown): boolean {
  return NO_SUCH.includes(codeOf(error) ?? "");
}

function ipsOf(answers: readonly { readonly address: string }[]): readonly string[] {
  return answers.flatMap(({ address }) => parseIp(address)?.ip ?? []);
}
