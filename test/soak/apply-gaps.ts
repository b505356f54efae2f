// How long a session waits while its worker takes a change: messages at a fixed rate through a bal with
// one worker, 1,000 backends, 300 listeners and 10,000 networks in a list, beside the same without changes.
// What other processes do to this machine only adds: each change is made several times, and its least counts.
// By hand: bun test/soak/apply-gaps.ts [ROUNDS]. Needs nsd.
import { join } from "node:path";
import { parseSource } from "../../src/config/load.ts";
import { NO_KNOWLEDGE } from "../../src/control/backends/backends.ts";
import { OverrideStore } from "../../src/control/backends/override-store.ts";
import { EventBus } from "../../src/control/events/event-bus.ts";
import { DataPlane } from "../../src/control/workers/data-plane.ts";
import type { WorkerThread } from "../../src/control/workers/worker-thread.ts";
import { Bal, type ConfigObject } from "../support/bal.ts";
import { nameServer, nsd } from "../support/name-server.ts";
import { freePort } from "../support/ports.ts";
import { silentLog } from "../support/silent-log.ts";
import { until } from "../support/until.ts";
import type { Order, Ready, Window } from "./round-trips.ts";
import { claim, conclude, figure } from "./verdict.ts";

const ROUNDS = Number(process.argv[2] ?? 7);
const BACKENDS = 1000;
const LISTENERS = 300;
const NETWORKS = 10_000;
/** A change may make a session wait for so much more than none. */
const MOST_MS = 5;
/** What a change leaves behind (garbage) is collected a little later. */
const AFTER_MS = 100;

type State = {
  weight: number;
  network: number;
  backends: number;
};

class RoundTrips implements Disposable {
  port = 0;
  private readonly child: Bun.Subprocess;
  private waiter: ((answer: Ready | Window) => void) | null = null;

  constructor() {
    this.child = Bun.spawn([process.execPath, join(import.meta.dir, "round-trips.ts")], {
      stdio: ["ignore", "inherit", "inherit"],
      ipc: (message) => this.waiter?.(message),
    });
  }

  async start(): Promise<void> {
    ({ port: this.port } = (await this.answer()) as Ready);
  }

  async connect(port: number, sessions: number): Promise<void> {
    this.order({ kind: "connect", port, sessions });
    await this.answer();
  }

  /** What is seen while this goes on. */
  async during(change: () => Promise<unknown>): Promise<Window> {
    this.order({ kind: "begin" });
    await change();
    await Bun.sleep(AFTER_MS);
    this.order({ kind: "end" });
    return (await this.answer()) as Window;
  }

  [Symbol.dispose](): void {
    this.child.kill();
  }

  private order(order: Order): void {
    this.child.send(order);
  }

  private answer(): Promise<Ready | Window> {
    return new Promise((resolve) => {
      this.waiter = resolve;
    });
  }
}

const ports = Array.from({ length: LISTENERS }, () => freePort());

function config(state: State, workers: number, extra: ConfigObject): ConfigObject {
  const deny = Array.from({ length: NETWORKS }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  deny[NETWORKS - 1] = `11.0.${state.network}.0/24`;
  const backends = Array.from({ length: state.backends }, (_, i) => ({
    host: `127.1.${i >> 8}.${i & 255}`,
    port: trips.port,
    ...(i === 0 && { weight: state.weight }),
  }));
  const health_check = { type: "off" };
  return {
    watch: false,
    workers,
    listeners: ports.map((port, i) => ({
      name: `l${i}`,
      bind_address: "127.0.0.1",
      port,
      // The last one's is there where names are resolved.
      pool: i === LISTENERS - 1 && "resolver" in extra ? "found" : "many",
      ...(i === 0 && { deny }),
    })),
    ...extra,
    pools: { many: { health_check, backends }, ...(extra.pools as object) },
  };
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

using trips = new RoundTrips();
await trips.start();
const state: State = { weight: 1, network: 0, backends: BACKENDS };

/** The least of the longest where the workers are told nothing. */
let plainMs = 0;

async function longestOf(change: () => Promise<unknown>): Promise<readonly number[]> {
  const longest: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { sessions, longestMs } = await trips.during(change);
    if (sessions === 0) throw new Error("no session is left to measure");
    longest.push(longestMs);
  }
  return longest;
}

function spell(longest: readonly number[]): string {
  return `${Math.min(...longest).toFixed(1)} ms, the median ${median(longest).toFixed(1)} ms`;
}

async function measurePlain(name: string, nothing: () => Promise<unknown>): Promise<void> {
  const longest = await longestOf(nothing);
  plainMs = Math.max(plainMs, Math.min(...longest));
  figure(`longest round trip, ${name}: least`, spell(longest));
}

async function measure(name: string, change: () => Promise<unknown>): Promise<void> {
  const longest = await longestOf(change);
  const isShort = Math.min(...longest) - plainMs <= MOST_MS;
  claim(`longest round trip, ${name}: least`, spell(longest), isShort);
}

async function changes(bal: Bal, extra: () => ConfigObject): Promise<void> {
  const apply = () => bal.reload(config(state, 1, extra()));
  await measurePlain("no change", () => Bun.sleep(500));
  await measurePlain("graceful, nothing differs", apply);
  await measure("graceful, a weight", () => {
    state.weight = 1 + (state.weight % 100);
    return apply();
  });
  await measure("graceful, a network in a list", () => {
    state.network++;
    return apply();
  });
  await measure("graceful, a backend more", () => {
    state.backends++;
    return apply();
  });
  await measure("PATCH of a weight", async () => {
    state.weight = 1 + (state.weight % 100);
    await patchWeight(bal, `127.1.0.1:${trips.port}`, state.weight);
  });
}

async function patchWeight(bal: Bal, backend: string, weight: number): Promise<void> {
  const url = `http://bal/v1/pools/many/backends/${encodeURIComponent(backend)}`;
  const unix = join(bal.home, "bal.sock");
  const response = await fetch(url, { method: "PATCH", body: JSON.stringify({ weight }), unix });
  if (!response.ok) throw new Error(await response.text());
}

/** A pool that is found in DNS, whose answer changes. */
async function answers(): Promise<void> {
  if (nsd === null) return figure("a DNS answer", "no nsd here");
  using server = await nameServer(["db 1 A 127.2.0.1"]);
  const discover = { dns: "db.bal.test", port: trips.port };
  const extra = {
    resolver: { servers: [server.address] },
    pools: { found: { health_check: { type: "off" }, discover } },
  };
  using bal = new Bal({ config: config(state, 1, extra) });
  await until("bal is ready", async () => (await bal.get("/readyz"))?.ok ?? false, 60_000);
  await trips.connect(ports[0] ?? 0, 1);
  await changes(bal, () => extra);
  let last = 1;
  await measure("a DNS answer", async () => {
    const address = `127.2.0.${++last}`;
    await server.set([`db 1 A ${address}`]);
    await until("it is found", () => bal.logs().some(({ message }) => message.includes(address)));
  });
}

/** Of two workers one ends again and again; the sessions of the other one are measured. The data plane is
 *  this process's own here: from outside a thread can be held, and with it all threads, but not ended. */
async function replacement(): Promise<void> {
  const parsed = parseSource(Buffer.from(JSON.stringify(config(state, 2, {}))), "config.yaml");
  if (parsed.kind === "invalid") throw new Error("the config is invalid");
  let back = Promise.withResolvers<void>();
  const info = (event: string) => event === "worker-replaced" && back.resolve();
  const log = silentLog({ info });
  const plane = new DataPlane(parsed.config, {
    ...{ log, overrides: new OverrideStore(null, log), events: new EventBus(), handed: [] },
    ...{ knowledge: NO_KNOWLEDGE, onAccess: () => {} },
  });
  await plane.start();
  const { handles } = (plane as unknown as { crew: { handles: WorkerThread[] } }).crew;
  await trips.connect(ports[0] ?? 0, 8);
  plainMs = 0;
  await measurePlain("no change, two workers", () => Bun.sleep(500));
  await measure("a worker replaced", async () => {
    back = Promise.withResolvers<void>();
    handles[1]?.terminate("it was ended");
    await back.promise;
  });
  plane.end();
}

await answers();
await replacement();
conclude();
