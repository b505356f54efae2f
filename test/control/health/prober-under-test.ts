// A prober whose checks are the test's, on a clock that the test moves (`jest.useFakeTimers`).
import { jest } from "bun:test";
import { connectOnly } from "../../../src/control/health/conversation.ts";
import type { ProbeResult } from "../../../src/control/health/probe.ts";
import { Prober, type ProbeTarget } from "../../../src/control/health/prober.ts";

const check: ProbeTarget["check"] = {
  checks: [{ type: "tcp", port: 0, timeoutMs: 2000 }],
  intervalMs: 5000,
  fastIntervalMs: 500,
  rise: 2,
  fall: 3,
};

export function target(slot: number, changes: Partial<ProbeTarget["check"]> = {}): ProbeTarget {
  const endpoints = [{ family: 4 as const, ip: "10.0.0.1", port: 1000 + slot }];
  const own = { ...check, ...changes };
  return { slot, endpoints, check: own, conversations: [connectOnly(2000)] };
}

type Probe = { readonly atMs: number; readonly port: number; readonly first: number };

/** Checks that pass or fail as `error` says; with `isHeld` they go on until `release()`. */
export class ProberUnderTest implements Disposable {
  readonly probes: Probe[] = [];
  readonly transitions: string[] = [];
  readonly checks: string[] = [];
  error: string | null = null;
  isHeld = false;
  /** Its pool has nobody. */
  isMissed = false;
  random = 0.5;
  readonly prober: Prober;
  private readonly held: ((result: ProbeResult) => void)[] = [];
  private readonly startedAtMs = performance.now();

  constructor() {
    this.prober = new Prober(
      {
        onCheck: ({ slot, ok, error }) => this.checks.push(`${slot} ${ok ? "ok" : error}`),
        onTransition: (to, { slot, error }) => this.transitions.push(`${slot} ${to} ${error}`),
        isMissed: () => this.isMissed,
      },
      {
        random: () => this.random,
        probe: (endpoints, first) => {
          const atMs = performance.now() - this.startedAtMs;
          this.probes.push({ atMs, port: (endpoints[0] as { readonly port: number }).port, first });
          if (!this.isHeld) return Promise.resolve(resultOf(this.error, first));
          return new Promise((resolve) => this.held.push(resolve));
        },
      },
    );
  }

  /** Moves the clock, a millisecond at a time, so that what a check starts has its turn. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left--) {
      jest.advanceTimersByTime(1);
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
  }

  async release(error: string | null = null): Promise<void> {
    for (const resolve of this.held.splice(0)) resolve(resultOf(error, 0));
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }

  times(): number[] {
    return this.probes.map(({ atMs }) => Math.round(atMs));
  }

  [Symbol.dispose](): void {
    this.prober.stop();
  }
}

function resultOf(error: string | null, endpoint: number): ProbeResult {
  return { error, code: error, endpoint, expiresAt: null };
}
