// The schedule of health checks: spread and jittered, never two at once for one backend, faster
// while a change is undecided, a bounded number in flight.
import type { Endpoint } from "../../base/address.ts";
import { codeOf, isLocalError } from "../../base/os-error.ts";
import type { HealthCheckConfig } from "../../config/config.ts";
import {
  type Health,
  isUndecided,
  type Track,
  track,
  untracked,
} from "../../policy/health/tracker.ts";
import type { Conversation } from "./conversation.ts";
import { type ProbeResult, probeBackend } from "./probe.ts";

export type ProbeTarget = {
  readonly slot: number;
  readonly endpoints: readonly Endpoint[];
  readonly check: HealthCheckConfig;
  readonly conversations: readonly Conversation[];
};

export type CheckResult = {
  readonly slot: number;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly error: string | null;
  /** Of the connect; null: it succeeded, or there is none. */
  readonly code: string | null;
  readonly expiresAt: Date | null;
};

type ProberEvents = {
  readonly onCheck: (result: CheckResult) => void;
  /** By the result that came last. */
  readonly onTransition: (to: "up" | "down", result: CheckResult) => void;
  /** Its pool has nobody: one that is down is checked as often as an undecided one. */
  readonly isMissed: (slot: number) => boolean;
};

type ProberOptions = {
  readonly probe?: (
    endpoints: readonly Endpoint[],
    first: number,
    conversations: readonly Conversation[],
  ) => Promise<ProbeResult>;
  readonly random?: () => number;
};

/** Checks under way at a time; the others wait their turn. */
const MAX_IN_FLIGHT = 256;
/** The first checks of many backends are spread over so long. */
const FIRST_SPREAD_MS = 250;
const FIRST_AT_ONCE = 32;
const JITTER = 0.1;

type Entry = {
  target: ProbeTarget;
  track: Track;
  /** The address that worked last. */
  endpoint: number;
  timer: Timer | null;
  isRunning: boolean;
  /** Rises when the target's addresses or what it is asked change: a check that began before tells
   *  nothing. */
  epoch: number;
};

export class Prober {
  private readonly events: ProberEvents;
  private readonly probe: NonNullable<ProberOptions["probe"]>;
  private readonly random: () => number;
  private readonly entries = new Map<number, Entry>();
  private readonly waiting: Entry[] = [];
  private inFlight = 0;

  constructor(
    events: ProberEvents,
    { probe = probeBackend, random = Math.random }: ProberOptions = {},
  ) {
    this.events = events;
    this.probe = probe;
    this.random = random;
  }

  /** Checks these and no others. What is known of those that stay is kept, unless their addresses
   *  have changed. */
  setTargets(targets: readonly ProbeTarget[]): void {
    const slots = new Set(targets.map(({ slot }) => slot));
    for (const [slot, entry] of this.entries) if (!slots.has(slot)) this.drop(entry);
    const fresh = targets.filter((target) => !this.keep(target));
    const spreadMs = fresh.length > FIRST_AT_ONCE ? FIRST_SPREAD_MS : 0;
    for (const [nth, target] of fresh.entries()) {
      const entry: Entry = {
        target,
        track: untracked,
        endpoint: 0,
        timer: null,
        isRunning: false,
        epoch: 0,
      };
      this.entries.set(target.slot, entry);
      this.schedule(entry, (spreadMs * nth) / fresh.length);
    }
  }

  /** Something else speaks against it: check now, and then as often as undecided ones are. */
  checkNow(slot: number): void {
    const entry = this.entries.get(slot);
    if (entry !== undefined && !entry.isRunning) this.schedule(entry, 0);
  }

  /** Its last check has failed, or one is under way that may. */
  isDoubtful(slot: number): boolean {
    const entry = this.entries.get(slot);
    return entry !== undefined && (entry.isRunning || entry.track.failures > 0);
  }

  /** Its checks had come to this already, elsewhere. */
  know(slot: number, health: Health): void {
    const entry = this.entries.get(slot);
    if (entry !== undefined) entry.track = { ...untracked, health };
  }

  stop(): void {
    for (const entry of this.entries.values()) this.drop(entry);
  }

  // False: it is new.
  private keep(target: ProbeTarget): boolean {
    const entry = this.entries.get(target.slot);
    if (entry === undefined) return false;
    const isElsewhere = !Bun.deepEquals(entry.target.endpoints, target.endpoints);
    const isOther = !Bun.deepEquals(entry.target.check, target.check);
    const asksElse = !Bun.deepEquals(questionOf(entry.target.check), questionOf(target.check));
    entry.target = target;
    if (isElsewhere) {
      entry.track = untracked;
      entry.endpoint = 0;
    } else if (asksElse) {
      // Its state stands until the new checks have decided otherwise.
      entry.track = { ...untracked, health: entry.track.health };
    }
    if (isElsewhere || asksElse) entry.epoch++;
    if ((isElsewhere || isOther) && !entry.isRunning) {
      const { intervalMs, fastIntervalMs } = target.check;
      const withinMs = asksElse ? Math.min(fastIntervalMs, intervalMs) : intervalMs;
      this.schedule(entry, isElsewhere ? 0 : this.random() * withinMs);
    }
    return true;
  }

  private drop(entry: Entry): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    this.entries.delete(entry.target.slot);
    const place = this.waiting.indexOf(entry);
    if (place >= 0) this.waiting.splice(place, 1);
  }

  private schedule(entry: Entry, delayMs: number): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.due(entry), delayMs);
  }

  private due(entry: Entry): void {
    entry.timer = null;
    entry.isRunning = true;
    if (this.inFlight >= MAX_IN_FLIGHT) this.waiting.push(entry);
    else void this.check(entry);
  }

  private async check(entry: Entry): Promise<void> {
    this.inFlight++;
    const { target, endpoint, epoch } = entry;
    const startedAtMs = performance.now();
    const result = await this.probe(target.endpoints, endpoint, target.conversations).catch(
      (error: unknown): ProbeResult => ({
        ...{ error: String(error), code: codeOf(error), endpoint, expiresAt: null },
      }),
    );
    this.inFlight--;
    entry.isRunning = false;
    const next = this.waiting.shift();
    if (next !== undefined) void this.check(next);
    // It was dropped, perhaps replaced, meanwhile.
    if (this.entries.get(target.slot) !== entry) return;
    if (entry.epoch === epoch) this.judge(entry, result, performance.now() - startedAtMs);
    this.schedule(entry, this.pauseMs(entry, result, epoch));
  }

  private judge(entry: Entry, result: ProbeResult, durationMs: number): void {
    const { error, code, endpoint, expiresAt } = result;
    const { slot, check } = entry.target;
    const told: CheckResult = { slot, ok: error === null, durationMs, error, code, expiresAt };
    this.events.onCheck(told);
    // Our own host's troubles say nothing about the backend.
    if (code !== null && isLocalError(code)) return;
    entry.endpoint = endpoint;
    const before = entry.track.health;
    entry.track = track(entry.track, error === null, check);
    const { health } = entry.track;
    if (health !== before && health !== "unknown") this.events.onTransition(health, told);
  }

  private pauseMs(entry: Entry, { code }: ProbeResult, epoch: number): number {
    if (entry.epoch !== epoch) return 0;
    const { intervalMs, fastIntervalMs } = entry.target.check;
    const isLocal = code !== null && isLocalError(code);
    const isMissed = entry.track.health === "down" && this.events.isMissed(entry.target.slot);
    const isHurried = isLocal || isMissed || isUndecided(entry.track);
    const pauseMs = isHurried ? Math.min(fastIntervalMs, intervalMs) : intervalMs;
    return pauseMs * (1 - JITTER + 2 * JITTER * this.random());
  }
}

/** The parts that decide whether a check passes, without how often and how long. */
function questionOf({ checks }: HealthCheckConfig): readonly object[] {
  return checks.map((check) => ({ ...check, timeoutMs: 0, expiryWarningMs: 0 }));
}
