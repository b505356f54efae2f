// A pool as this thread uses it: picks a backend for a dial by the pool's method, from the
// schedule of those that are eligible now.
import type { Endpoint } from "../base/address.ts";
import type { Balancer } from "../policy/balance/balancer.ts";
import { balancers } from "../policy/balance/registry.ts";
import { buildSchedule, type Schedule } from "../policy/balance/schedule.ts";
import { type Board, DRAINING, isEligible, UNRESOLVED } from "../shared/board.ts";
import type { GenerationBackend, GenerationPool } from "../shared/messages.ts";

export class Pool {
  /** Its row on the board. */
  readonly slot: number;
  private readonly board: Board;
  private balancer: Balancer = balancers.round_robin;
  private backends: ReadonlyMap<number, GenerationBackend> = new Map();
  private schedule: Schedule = { members: [], turns: new Uint16Array(0) };
  private scheduleVersion = -1;
  private tried: readonly number[] = [];
  private readonly preferred = new Map<number, number>();

  constructor(slot: number, board: Board) {
    this.slot = slot;
    this.board = board;
  }

  /** Takes a generation's config. Of a backend that stays where it was, the address that worked last
   *  is remembered. */
  update(config: GenerationPool): void {
    const before = this.backends;
    this.backends = new Map(config.backends.map((backend) => [backend.slot, backend]));
    this.balancer = balancers[config.method];
    this.schedule = { members: [], turns: new Uint16Array(0) };
    this.scheduleVersion = -1;
    for (const slot of [...this.preferred.keys()]) {
      const isSame = Bun.deepEquals(
        before.get(slot)?.endpoints,
        this.backends.get(slot)?.endpoints,
      );
      if (!isSame) this.preferred.delete(slot);
    }
  }

  /** The slot to dial next, not one of `tried`; -1 when none is left. */
  pick(tried: readonly number[]): number {
    const schedule = this.currentSchedule();
    this.tried = tried;
    // A turn that falls on a backend tried before costs another ticket: skipping to its neighbour
    // would double that one's load.
    for (let draws = 0; draws < schedule.turns.length; draws++) {
      const ticket = this.board.drawTicket(this.slot);
      const slot = this.balancer(schedule, { ticket, load: this.load });
      if (!tried.includes(slot)) return slot;
    }
    return -1;
  }

  /** The nth address to try of a backend, from the one that worked last. */
  endpoint(slot: number, nth: number): Endpoint | undefined {
    const endpoints = this.backends.get(slot)?.endpoints ?? [];
    return endpoints[((this.preferred.get(slot) ?? 0) + nth) % endpoints.length];
  }

  countEndpoints(slot: number): number {
    return this.backends.get(slot)?.endpoints.length ?? 0;
  }

  /** The nth address worked: start there from now on. */
  prefer(slot: number, nth: number): void {
    if (nth > 0) this.preferred.set(slot, (this.preferred.get(slot) ?? 0) + nth);
  }

  private readonly load = (slot: number): number =>
    this.tried.includes(slot) ? Number.POSITIVE_INFINITY : this.board.backendSessions(slot);

  private currentSchedule(): Schedule {
    const version = this.board.eligibilityVersion();
    if (version !== this.scheduleVersion) {
      this.schedule = this.makeSchedule();
      this.scheduleVersion = version;
    }
    return this.schedule;
  }

  /** When none is eligible, all that are not draining are (fail open). The schedule stays when its
   *  members do: the change was another pool's. */
  private makeSchedule(): Schedule {
    const members = [...this.backends.values()].filter(({ weight }) => weight > 0);
    const eligible = members.filter(({ slot }) => isEligible(this.board.healthBits(slot)));
    const chosen =
      eligible.length > 0
        ? eligible
        : members.filter(
            ({ slot }) => (this.board.healthBits(slot) & (DRAINING | UNRESOLVED)) === 0,
          );
    const { members: present } = this.schedule;
    const isSame = chosen.length === present.length && chosen.every((m, i) => m === present[i]);
    return isSame ? this.schedule : buildSchedule(chosen);
  }
}
