// The name servers that are asked, in their order, by c-ares. It goes to the next one when a server is silent;
// one that answers that it cannot answer is left for the next one here, as the C library does.
import { promises as dns } from "node:dns";
import { codeOf } from "../../base/os-error.ts";

type Channel = InstanceType<typeof dns.Resolver>;

/** Each server is asked so often, and waited for so long: Bun 1.4.5 counts in whole seconds. */
const ASKING = { timeout: 1000, tries: 2 };
/** A server says that it cannot answer, which is no answer of the others. */
const CANNOT = new Set(["ESERVFAIL", "EREFUSED", "ENOTIMP", "EFORMERR", "EBADRESP"]);

export class NameServers {
  private readonly servers: readonly string[];
  /** By the server that each one begins with. */
  private readonly channels: Channel[] = [];

  /** @param servers `ip:port`; none: those of the system */
  constructor(servers: readonly string[]) {
    const first = new dns.Resolver(ASKING);
    if (servers.length > 0) first.setServers(servers);
    this.servers = servers.length > 0 ? servers : first.getServers();
    this.channels.push(first);
  }

  /** These reject with the code of c-ares. */
  ipv4(name: string) {
    return this.ask((channel) => channel.resolve4(name, { ttl: true }));
  }

  ipv6(name: string) {
    return this.ask((channel) => channel.resolve6(name, { ttl: true }));
  }

  services(name: string) {
    return this.ask((channel) => channel.resolveSrv(name));
  }

  aliases(name: string) {
    return this.ask((channel) => channel.resolveCname(name));
  }

  /** When no server can answer, the first one says why. */
  private async ask<T>(question: (channel: Channel) => Promise<T>): Promise<T> {
    let trouble: unknown = null;
    for (const nth of this.servers.keys()) {
      try {
        return await question(this.channelFrom(nth));
      } catch (error) {
        if (!CANNOT.has(codeOf(error) ?? "")) throw error;
        trouble ??= error;
      }
    }
    throw trouble;
  }

  private channelFrom(nth: number): Channel {
    const { servers, channels } = this;
    const known = channels[nth];
    if (known !== undefined) return known;
    const channel = new dns.Resolver(ASKING);
    channel.setServers([...servers.slice(nth), ...servers.slice(0, nth)]);
    channels[nth] = channel;
    return channel;
  }
}
