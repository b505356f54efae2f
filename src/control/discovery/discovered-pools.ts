// The pools of a config with what DNS has answered for them, as far as it is of use and there is room for
// it. Logs once what is left out, and why.
import { formatAddress } from "../../base/address.ts";
import type { Config } from "../../config/config.ts";
import { MAX_BACKENDS } from "../../shared/board-layout.ts";
import type { Log } from "../logs/log.ts";
import type { Discovery } from "./discovery.ts";
import { type Cut, fitted, type Rows } from "./shares.ts";
import { type OwnAddress, ownAddresses, placeOf } from "./useless-addresses.ts";

export class DiscoveredPools {
  private readonly discovery: Discovery;
  private readonly log: Log;
  /** By pool and place. */
  private own: ReadonlyMap<string, OwnAddress> = new Map();
  /** By pool. */
  private cuts: ReadonlyMap<string, Cut> = new Map();

  constructor(discovery: Discovery, log: Log) {
    this.discovery = discovery;
    this.log = log;
  }

  /** Is there a discovered backend that has no row? */
  get isCut(): boolean {
    return [...this.cuts.values()].some(({ cause }) => cause === "room");
  }

  /** Discovered backends of a pool that are not taken. */
  leftOut(pool: string): number {
    return this.cuts.get(pool)?.leftOut ?? 0;
  }

  /** Would a dial of this address come back to its pool? */
  isOwn(pool: string, ip: string, port: number): boolean {
    return this.own.has(keyOf(pool, placeOf(ip, port)));
  }

  /** With what was discovered, in the room that there is beside what `reserved` has configured. */
  expand(config: Config, rows: Rows, reserved = config): Config {
    const all = this.discovery.expand(config);
    this.look(all, config);
    const useful = this.own.size === 0 ? all : this.withoutOwn(all, config);
    const { config: next, cuts } = fitted(useful, {
      configured: config,
      rows,
      reserved: countBackends(reserved),
    });
    this.logCuts(cuts, config);
    return next;
  }

  private look(found: Config, config: Config): void {
    const before = this.own;
    const addresses = ownAddresses(found, config, (host) => this.discovery.addressesOf(host));
    this.own = new Map(addresses.map((one) => [keyOf(one.pool, one.place), one]));
    for (const [key, { pool, name, place, listener }] of this.own) {
      if (before.has(key)) continue;
      const message = `${name} leads to ${place}, which is bal's own listener ${listener}: pool ${pool} leaves it out, because a connection would loop for ever`;
      this.log.warn("own-address", message, { pool, name, address: place, listener });
    }
  }

  private withoutOwn(found: Config, { pools }: Config): Config {
    const left = found.pools.map((pool, index) => {
      const own = pools[index]?.backends.length ?? 0;
      const backends = pool.backends.filter(
        ({ address }, nth) => nth < own || !this.own.has(keyOf(pool.name, formatAddress(address))),
      );
      return { ...pool, backends };
    });
    return { ...found, pools: left };
  }

  // Once for each cause: the number may be another one with each answer.
  private logCuts(cuts: readonly Cut[], config: Config): void {
    const before = this.cuts;
    this.cuts = new Map(cuts.map((cut) => [cut.pool, cut]));
    for (const { pool, cause, found, leftOut } of cuts) {
      if (before.get(pool)?.cause === cause) continue;
      const discover = config.pools.find(({ name }) => name === pool)?.discover;
      const why =
        cause === "max"
          ? `its discover.max is ${discover?.max}`
          : `bal has room for ${MAX_BACKENDS} in all pools, ${countBackends(config)} are configured, and the pools with discover share the rest evenly`;
      const message = `${discover?.name} has ${found} backends, and pool ${pool} leaves out ${leftOut} of them: ${why}`;
      this.log.warn("discovery-cut", message, { pool, cause, found, left_out: leftOut });
    }
  }
}

function countBackends({ pools }: Config): number {
  return pools.reduce((sum, { backends }) => sum + backends.length, 0);
}

function keyOf(pool: string, place: string): string {
  return `${pool}\0${place}`;
}
