// Hostnames → addresses, off the data path: before a config is served, and every 10 s. The last
// good answer is kept whatever happens.
import { lookup as lookUpByLibc } from "node:dns/promises";
import { parseIp } from "../../base/address.ts";
import { codeOf } from "../../base/os-error.ts";

export type ResolverOptions = {
  /** A name's answer has changed. */
  readonly onChange: (host: string) => void;
  /** The addresses of a name; getaddrinfo(3) by default, which honours /etc/hosts. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  readonly intervalMs?: number;
};

const INTERVAL_MS = 10_000;

type Name = {
  /** In the order of the first answer: another order is no change. */
  addresses: readonly string[] | null;
  error: string | null;
  /** The look-up under way. */
  pending: Promise<void> | null;
};

export class Resolver {
  private readonly options: ResolverOptions;
  private readonly names = new Map<string, Name>();
  private timer: Timer | null = null;
  private isStopped = false;

  constructor(options: ResolverOptions) {
    this.options = options;
  }

  /** Looks up those that are not known yet; goes on after `withinMs` whatever came of it. */
  async resolve(hosts: readonly string[], withinMs: number): Promise<void> {
    const unknown = hosts.filter((host) => this.answer(host) === null);
    if (unknown.length === 0) return;
    const answers = Promise.all(unknown.map((host) => this.lookUp(host)));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    await Promise.race([answers, late]);
    clearTimeout(timer);
  }

  /** Keeps these names fresh and forgets all others. */
  sync(hosts: readonly string[]): void {
    for (const host of this.names.keys()) if (!hosts.includes(host)) this.names.delete(host);
    for (const host of hosts) this.entry(host);
    const { intervalMs = INTERVAL_MS } = this.options;
    if (hosts.length === 0) this.rest();
    else if (!this.isStopped) this.timer ??= setInterval(() => this.refreshAll(), intervalMs);
  }

  /** The last good answer, or null. */
  answer(host: string): readonly string[] | null {
    return this.names.get(host)?.addresses ?? null;
  }

  /** Why the last look-up failed, or null. */
  lastError(host: string): string | null {
    return this.names.get(host)?.error ?? null;
  }

  /** For good: answers that are under way are not told any more. */
  stop(): void {
    this.isStopped = true;
    this.rest();
  }

  private rest(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private refreshAll(): void {
    for (const host of this.names.keys()) void this.lookUp(host);
  }

  private entry(host: string): Name {
    const name = this.names.get(host) ?? { addresses: null, error: null, pending: null };
    this.names.set(host, name);
    return name;
  }

  // Never two for one name.
  private lookUp(host: string): Promise<void> {
    const name = this.entry(host);
    name.pending ??= this.ask(host, name).finally(() => {
      name.pending = null;
    });
    return name.pending;
  }

  private async ask(host: string, name: Name): Promise<void> {
    const { lookup = lookUp, onChange } = this.options;
    try {
      const addresses = unique(await lookup(host));
      name.error = addresses.length === 0 ? "ENODATA" : null;
      if (addresses.length === 0 || isSame(addresses, name.addresses)) return;
      name.addresses = addresses;
      if (this.names.get(host) === name && !this.isStopped) onChange(host);
    } catch (error) {
      name.error = codeOf(error) ?? String(error);
    }
  }
}

async function lookUp(host: string): Promise<readonly string[]> {
  const answers = await lookUpByLibc(host, { all: true });
  return answers.map(({ address }) => address);
}

function unique(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses.flatMap((address) => parseIp(address)?.ip ?? []))];
}

function isSame(a: readonly string[], b: readonly string[] | null): boolean {
  return b !== null && a.length === b.length && a.every((address) => b.includes(address));
}
