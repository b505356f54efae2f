// Parts of a generation, with what a test does not care about filled in.
import type { ListenAddress } from "../../src/base/listen-address.ts";
import type {
  GenerationBackend,
  GenerationListener,
  GenerationPool,
  SessionLimits,
} from "../../src/shared/generation.ts";

export function sessionLimits(over: Partial<SessionLimits> = {}): SessionLimits {
  return {
    connectMs: 2000,
    connectTotalMs: 6000,
    prereadMs: 3000,
    idleMs: 0,
    halfClosedMs: 0,
    maxLifetimeMs: 0,
    userMs: 0,
    retries: 2,
    keepaliveMs: 0,
    refuse: "reset",
    ...over,
  };
}

export function backendOf(slot: number, over: Partial<GenerationBackend> = {}): GenerationBackend {
  return {
    slot,
    name: `b${slot}`,
    weight: 1,
    maxConnections: 0,
    tier: 0,
    proxyProtocol: { version: "off", tlvs: [] },
    seed: slot + 1,
    endpoints: [{ family: 4, ip: "127.0.0.1", port: 1 }],
    ...over,
  };
}

export function poolOf(
  backends: readonly GenerationBackend[],
  over: Partial<GenerationPool> = {},
): GenerationPool {
  return {
    slot: 0,
    name: "p",
    method: "round_robin",
    boundPercent: 0,
    queue: { size: 0, timeoutMs: 0 },
    serving: { failsOpen: true, tellsRole: false },
    waitMs: 0,
    dial: { retries: null, connectMs: null, connectTotalMs: null, source: [] },
    isChecked: false,
    backends,
    ...over,
  };
}

/** Ports of loopback. */
export function tcp(from: number, to = from): ListenAddress & { readonly kind: "tcp" } {
  return { kind: "tcp", ip: "127.0.0.1", ports: { from, to } };
}

export function listenerOf(address: GenerationListener["address"]): GenerationListener {
  const admission = {
    allow: null,
    deny: null,
    limits: {
      maxConnections: 0,
      perClient: 0,
      rate: { count: 0, windowMs: 1000 },
      ratePerClient: { count: 0, windowMs: 1000 },
    },
  };
  return {
    slot: 0,
    name: "l",
    pool: 0,
    routes: [],
    proxyProtocol: null,
    limits: sessionLimits(),
    admission,
    address,
  };
}
