// DNS answers → backends, as if they stood in the config. Pure.
import { formatAddress, formatHostPort, parseIp } from "../../base/address.ts";
import type { BackendConfig, Config, DiscoverConfig, PoolConfig } from "../../config/config.ts";
import type { SrvRecord } from "./dns-client.ts";

/** The last good answers; null where there is none yet. */
export type Answers = {
  readonly addressesOf: (host: string) => readonly string[] | null;
  readonly servicesOf: (name: string) => readonly SrvRecord[] | null;
};

/** A config's weights end there. */
const MAX_WEIGHT = 256;

/** Each pool with the backends that it has discovered, after those that are configured. */
export function withDiscovered(config: Config, answers: Answers): Config {
  if (config.pools.every(({ discover }) => discover === null)) return config;
  return { ...config, pools: config.pools.map((pool) => extend(pool, answers)) };
}

/** The hosts that the SRV records of a config point to, as they are looked up: complete. */
export function targetsOf(config: Config, { servicesOf }: Answers): readonly string[] {
  const records = config.pools.flatMap(({ discover }) =>
    discover?.kind === "srv" ? (servicesOf(discover.name) ?? []) : [],
  );
  return [...new Set(records.map(hostOf))];
}

function extend(pool: PoolConfig, answers: Answers): PoolConfig {
  if (pool.discover === null) return pool;
  const taken = new Set(pool.backends.flatMap((one) => [one.name, formatAddress(one.address)]));
  const found = discovered(pool.discover, answers)
    .sort(inOrder)
    .filter((one) => {
      // Configured backends win, and the first of those that are discovered twice.
      const isNew = !taken.has(one.name) && !taken.has(formatAddress(one.address));
      taken.add(one.name).add(formatAddress(one.address));
      return isNew;
    });
  const { proxyProtocol } = pool;
  const added = found.map((one) => ({ ...one, proxyProtocol }));
  return { ...pool, backends: [...pool.backends, ...added] };
}

function discovered(discover: DiscoverConfig, answers: Answers): BackendConfig[] {
  if (discover.kind === "srv")
    return fromServices(answers.servicesOf(discover.name) ?? [], answers);
  const { name, port } = discover;
  return (answers.addressesOf(name) ?? []).map((ip) => backendOf({ host: ip, port }));
}

function fromServices(records: readonly SrvRecord[], answers: Answers): BackendConfig[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority, tier) => {
    const places = records
      .filter((record) => record.priority === priority)
      .flatMap((record) => placesOf(record, answers));
    const weights = scaled(places.map(({ share }) => share));
    return places.map(({ host, port, name }, index) =>
      backendOf({ host, port, name, tier, weight: weights[index] ?? 1 }),
    );
  });
}

// A target with one address of a family is one backend, at both of its addresses where it has two;
// one with several is one for each, which share its weight.
function placesOf(record: SrvRecord, { addressesOf }: Answers) {
  const { target, port } = record;
  const weight = Math.max(1, record.weight);
  const addresses = addressesOf(hostOf(record)) ?? [];
  const counts = [4, 6].map((family) => addresses.filter((ip) => parseIp(ip)?.family === family));
  if (counts.every(({ length }) => length <= 1)) {
    const name = formatHostPort(target, port);
    return [{ host: hostOf(record), port, name, share: weight }];
  }
  const share = weight / addresses.length;
  return addresses.map((ip) => ({ host: ip, port, name: formatHostPort(ip, port), share }));
}

const byNumbers = new Intl.Collator("en", { numeric: true });

// Answers come in any order; `first` and what is left out must not hang on it.
function inOrder(a: BackendConfig, b: BackendConfig): number {
  const byFamily = Number(a.name.startsWith("[")) - Number(b.name.startsWith("["));
  return a.tier - b.tier || byFamily || byNumbers.compare(a.name, b.name) || b.weight - a.weight;
}

/** Whole numbers from 1 to 256 in the same ratio, as they are where that can be. */
export function scaled(shares: readonly number[]): readonly number[] {
  const greatest = Math.max(...shares);
  const isFine = greatest <= MAX_WEIGHT && shares.every(Number.isInteger);
  const factor = isFine ? 1 : MAX_WEIGHT / greatest;
  return shares.map((share) => Math.max(1, Math.round(share * factor)));
}

/** The search list is not meant for it. */
function hostOf({ target }: SrvRecord): string {
  return `${target}.`;
}

type Place = { readonly host: string; readonly port: number } & Partial<
  Pick<BackendConfig, "name" | "tier" | "weight">
>;

function backendOf({ host, port, name, tier = 0, weight = 1 }: Place): BackendConfig {
  const queue = { size: 0, timeoutMs: 0 };
  const proxyProtocol = { version: "off", tlvs: [] } as const;
  const settings = { weight, tier, maxConnections: 0, queue, isDraining: false, proxyProtocol };
  const address = { kind: "host", host, port } as const;
  return { name: name ?? formatAddress(address), address, ...settings };
}
