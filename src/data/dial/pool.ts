// A pool as this thread uses it: picks a backend for a dial by the pool's method, from the
// schedule of those that are eligible now.

import type { Endpoint } from "../../base/address.ts";
import type { DialConfig, ProxyProtocol } from "../../config/config.ts";
import type { Balancer, Facts } from "../../policy/balance/balancer.ts";
import { balancers } from "../../policy/balance/registry.ts";
import { buildSchedule, type Member, type Schedule } from "../../policy/balance/schedule.ts";
import { isExpected, mayServe, type Serving, servingOf } from "../../policy/health/serving.ts";
import type { ClientHello } from "../../policy/tls/client-hello.ts";
import type { Board } from "../../shared/board.ts";
import type { GenerationBackend, GenerationPool, SessionLimits } from "../../shared/generation.ts";
import { EJECTED, PROBE_UP, type ServingRules } from "../../shared/health-bits.ts";
import { Latency } from "./latency.ts";
import { ClientQueue } from "./queue.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** `pick` returns it when every backend that could be picked has all the sessions that it may have. */
export const FULL = -2;

const NO_HEADER: ProxyProtocol = { version: "off", tlvs: [] };

/** Schedules in the order in which they serve: each only when the ones before it have no backend for a client. */
type Tiers = readonly Schedule[];

/** Where clients go by what they ask for. A reload changes the answer, also for a dial under way. */
export type PoolChoice = {
  /** Null: such a client is refused. `hello` is null where none was read. */
  readonly poolOf: (hello: ClientHello | null) => Pool | null;
};

type DialBounds = Pick<SessionLimits, "retries" | "connectMs" | "connectTotalMs">;

export class Pool {
  /** Its row on the board. */
  readonly slot: number;
  name = "";
  /** How long its backends take, where its method asks; else null. */
  times: Latency | null = null;
  /** Where clients wait while all its backends are full. */
  readonly queue: ClientQueue;
  /** Where they wait while none of its backends is up. */
  readonly room: WaitingRoom;
  private readonly board: Board;
  private balancer: Balancer = balancers.round_robin;
  private backends: ReadonlyMap<number, GenerationBackend> = new Map();
  private tiers: Tiers = [];
  private tiersVersion = -1;
  private isChecked = false;
  private serving: Serving = "nobody";
  private waitMs = 0;
  private own: DialConfig = { retries: null, connectMs: null, connectTotalMs: null, source: [] };
  private rules: ServingRules = { failsOpen: true, tellsRole: false };
  private tried: readonly number[] = [];
  private hasMetFull = false;
  private readonly preferred = new Map<number, number>();
  private readonly facts: { -readonly [K in keyof Facts]: Facts[K] } = {
    draw: () => this.board.drawTicket(this.slot),
    random: Math.random,
    isOpen: (slot) => this.isOpen(slot),
    load: (slot) => this.board.backendSessions(slot),
    timeMs: (slot) => this.times?.of(slot) ?? 0,
    key: 0,
    boundPercent: 0,
  };

  constructor(slot: number, board: Board) {
    this.slot = slot;
    this.board = board;
    this.queue = new ClientQueue(slot, board.queue);
    this.room = new WaitingRoom(slot, board.queue, () => this.whoServes());
  }

  /** Does its method ask for the client's address? */
  get isHashed(): boolean {
    return this.balancer === balancers.source_hash;
  }

  /** Takes a generation's config. Of a backend that stays where it was, the address that worked last
   *  is remembered. */
  update(config: GenerationPool): void {
    const before = this.backends;
    this.name = config.name;
    this.backends = new Map(config.backends.map((backend) => [backend.slot, backend]));
    this.balancer = balancers[config.method];
    this.facts.boundPercent = config.boundPercent;
    this.rules = config.serving;
    this.waitMs = config.waitMs;
    this.own = config.dial;
    this.isChecked = config.isChecked;
    this.queue.size = config.queue.size;
    this.queue.timeoutMs = config.queue.timeoutMs;
    if (config.method !== "least_time") this.times = null;
    else this.times ??= new Latency(performance.now());
    this.tiers = [];
    this.tiersVersion = -1;
    for (const slot of [...this.preferred.keys()]) {
      const isSame = Bun.deepEquals(
        before.get(slot)?.endpoints,
        this.backends.get(slot)?.endpoints,
      );
      if (!isSame) this.preferred.delete(slot);
    }
  }

  /** The slot to dial next, not one of `tried`; −1 when none is left, FULL when those that are left are
   *  full. `key` is the hash of the client's address, where the pool asks. */
  pick(tried: readonly number[], key = 0): number {
    this.tried = tried;
    this.hasMetFull = false;
    this.facts.key = key;
    for (const tier of this.currentTiers()) {
      const slot = this.balancer(tier, this.facts);
      if (slot >= 0) return slot;
      // Full is not down.
      if (this.hasMetFull) return FULL;
    }
    return -1;
  }

  /** A place on it was taken that there was not: another thread was faster. */
  isOver(slot: number): boolean {
    const max = this.backends.get(slot)?.maxConnections ?? 0;
    return max > 0 && this.board.backendSessions(slot) > max;
  }

  /** How long a client may wait for a backend that is up: within the time of a dial for its first check or for
   *  its restart, else as long as the pool says. 0: not at all, or there is one. */
  longestWaitMs(limits: DialBounds): number {
    const serving = this.whoServes();
    if (serving === "nobody") return this.waitMs;
    if (serving !== "unasked" && serving !== "expected") return 0;
    return Math.max(this.boundsOf(limits).connectTotalMs, this.waitMs);
  }

  /** The bounds of the dials for one client: the pool's, else its listener's. */
  boundsOf(limits: DialBounds): DialBounds {
    const { retries, connectMs, connectTotalMs } = this.own;
    if (retries === null && connectMs === null && connectTotalMs === null) return limits;
    return {
      retries: retries ?? limits.retries,
      connectMs: connectMs ?? limits.connectMs,
      connectTotalMs: connectTotalMs ?? limits.connectTotalMs,
    };
  }

  /** Addresses of this host that dials come from; empty: the kernel chooses. */
  get sources(): readonly string[] {
    return this.own.source;
  }

  /** A backend that has refused, or one that is ejected, restarts: its checks pass, or have passed until a moment
   *  ago, or it has none and clients have got to it before. */
  isExpectedBack(refused: number): boolean {
    const { board } = this;
    return [...this.backends.keys()].some((slot) => {
      const bits = board.healthBits(slot);
      if (isExpected(bits)) return true;
      if ((bits & PROBE_UP) === 0 || (slot !== refused && (bits & EJECTED) === 0)) return false;
      return this.isChecked || board.backendTotal(slot, "connections") > 0;
    });
  }

  /** The nth address to try of a backend, from the one that worked last. */
  endpoint(slot: number, nth: number): Endpoint | undefined {
    const endpoints = this.backends.get(slot)?.endpoints ?? [];
    return endpoints[((this.preferred.get(slot) ?? 0) + nth) % endpoints.length];
  }

  /** Null: it has none of that row. */
  nameOf(slot: number): string | null {
    return this.backends.get(slot)?.name ?? null;
  }

  proxyProtocol(slot: number): ProxyProtocol {
    return this.backends.get(slot)?.proxyProtocol ?? NO_HEADER;
  }

  countEndpoints(slot: number): number {
    return this.backends.get(slot)?.endpoints.length ?? 0;
  }

  /** The nth address worked: start there from now on. */
  prefer(slot: number, nth: number): void {
    if (nth > 0) this.preferred.set(slot, (this.preferred.get(slot) ?? 0) + nth);
  }

  private whoServes(): Serving {
    this.currentTiers();
    return this.serving;
  }

  private isOpen(slot: number): boolean {
    if (this.tried.includes(slot)) return false;
    const max = this.backends.get(slot)?.maxConnections ?? 0;
    if (max === 0 || this.board.backendSessions(slot) < max) return true;
    this.hasMetFull = true;
    return false;
  }

  private currentTiers(): Tiers {
    const version = this.board.eligibilityVersion();
    if (version !== this.tiersVersion) {
      this.tiers = this.makeTiers();
      this.tiersVersion = version;
    }
    return this.tiers;
  }

  /** The schedules of the backends that serve by the pool's rules, tier by tier. */
  private makeTiers(): Tiers {
    const weighted = [...this.backends.values()]
      .filter(({ weight }) => weight > 0)
      .map((backend) => ({ backend, bits: this.board.healthBits(backend.slot) }));
    const all = weighted.map(({ bits }) => bits);
    this.serving = servingOf(all, this.rules);
    const chosen = weighted
      .filter(({ bits }) => mayServe(bits, this.serving, this.rules))
      .map(({ backend }) => backend);
    const tiers = [...new Set(chosen.map(({ tier }) => tier))].sort((a, b) => a - b);
    return tiers.map((tier, index) => {
      const backends = chosen.filter((backend) => backend.tier === tier);
      return this.scheduleOf(backends, this.tiers[index]);
    });
  }

  // The schedule stays when its members do: the change was another pool's.
  private scheduleOf(backends: readonly GenerationBackend[], present?: Schedule): Schedule {
    const members = backends.map((backend) => this.memberOf(backend));
    return present !== undefined && areSame(members, present.members)
      ? present
      : buildSchedule(members);
  }

  private memberOf({ slot, weight, seed }: GenerationBackend): Member {
    const percent = this.board.slowStartPercent(slot);
    return { slot, weight: Math.max(1, weight * percent), seed };
  }
}

function areSame(some: readonly Member[], others: readonly Member[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ slot, weight, seed }, index) => {
      const other = others[index];
      return other?.slot === slot && other.weight === weight && other.seed === seed;
    })
  );
}
