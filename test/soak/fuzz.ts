// The binary before mutated bytes of every kind that strangers send: hellos, PROXY headers, requests to the
// admin API, answers of a name server and of health checks, config files. It must live, log no fault, give
// back every descriptor, and serve an ordinary client all the time.
//
//   bun test/soak/fuzz.ts [MINUTES] [SEED]      default: 60 minutes, a seed by the clock
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { seeds } from "../fuzz/corpus.ts";
import { type Draw, drawFrom, mutant } from "../fuzz/mutate.ts";
import { Bal, runBal, temporaryHome } from "../support/bal.ts";
import { namedPeer } from "../support/peer.ts";
import { freePort } from "../support/ports.ts";
import { connect, exchange } from "../support/wire.ts";
import { claim, conclude, figure } from "./verdict.ts";

const [minutes = "60", seedText = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const until = performance.now() + Number(minutes) * 60_000;
const seed = Number(seedText);
figure("seed", seed);

const draw = drawFrom(seed);
const counts = { hello: 0, proxy: 0, admin: 0, dns: 0, health: 0, config: 0, ordinary: 0 };
const failures: string[] = [];

/** Answers each check with a mutant, and hangs up. */
function sickBackend(draw: Draw) {
  return Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        counts.health++;
        socket.end(mutant(seeds.health, draw));
      },
      data() {},
      error() {},
    },
  });
}

/** A name server whose answers are mutants under the id and the question that were asked. */
async function brokenNameServer(draw: Draw) {
  const server = createSocket("udp4");
  server.on("message", (query, { port, address }) => {
    counts.dns++;
    const answer = Buffer.from(mutant(seeds.dns, draw));
    if (answer.length >= 2 && draw(4) > 0) query.copy(answer, 0, 0, 2);
    server.send(answer.subarray(0, 4096), port, address);
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  return server;
}

const [plain, routed, proxied, admin] = [freePort(), freePort(), freePort(), freePort()];
using backend = namedPeer("b");
const sick = sickBackend(draw);
const names = await brokenNameServer(draw);
const web = {
  health_check: { type: "off" },
  backends: [{ host: "127.0.0.1", port: backend.port }],
};
const sickAt = (check: object) => ({
  fail_open: true,
  health_check: { interval: "50ms", fast_interval: "50ms", timeout: "1s", ...check },
  backends: [{ host: "127.0.0.1", port: sick.port }],
});
const listener = { bind_address: "127.0.0.1", pool: "web" };
using bal = new Bal({
  config: {
    admin: { listen: `127.0.0.1:${admin}` },
    log: { access: "all" },
    timeouts: { preread: "500ms" },
    resolver: { servers: [`127.0.0.1:${names.address().port}`], interval: "1s" },
    listeners: [
      { name: "plain", ...listener, port: plain },
      { name: "proxied", ...listener, port: proxied, proxy_protocol: { trusted: ["127.0.0.1"] } },
      {
        name: "routed",
        bind_address: "127.0.0.1",
        port: routed,
        routes: [
          { sni: ["a.example", "*.test"], pool: "web" },
          { alpn: ["h2"], pool: "web" },
        ],
      },
    ],
    pools: {
      web,
      http: sickAt({ type: "http" }),
      exchange: sickAt({ type: "exchange", send: "PING\r\n", expect: "+PONG" }),
      tls: sickAt({ type: "tls" }),
      found: {
        health_check: { type: "off" },
        discover: { dns: "db.fuzz.test", port: backend.port },
      },
      services: { health_check: { type: "off" }, discover: { srv: "_s._tcp.fuzz.test" } },
    },
  },
});
await bal.ready();
await exchange(plain, "?");
const streams = bal.openStreams();
using folder = temporaryHome();

/** Sends a mutant, whole or in two, and leaves in one of three ways. */
async function stranger(port: number, corpus: readonly Uint8Array[]): Promise<void> {
  using wire = await connect(port);
  const bytes = mutant(corpus, draw);
  const cut = draw(2) === 0 ? bytes.length : draw(bytes.length);
  await wire.send(bytes.subarray(0, cut));
  if (cut < bytes.length) await wire.send(bytes.subarray(cut));
  const way = draw(3);
  if (way === 0) wire.finish();
  else if (way === 1) wire.reset();
}

async function repeat(kind: keyof typeof counts, once: () => Promise<void>): Promise<void> {
  while (performance.now() < until) {
    counts[kind]++;
    await once().catch((error) => {
      // A refusal may come as a reset at any moment.
      if (!/ECONNRESET|EPIPE/.test(String(error))) failures.push(`${kind}: ${error}`);
    });
  }
}

async function ordinary(): Promise<void> {
  const { text } = await exchange(plain, "?");
  if (text !== "b") failures.push(`an ordinary client got ${JSON.stringify(text)}`);
}

async function config(): Promise<void> {
  const file = join(folder.path, "config.yaml");
  writeFileSync(file, mutant(seeds.config, draw));
  const { code, stderr } = await runBal(["check", "-c", file]);
  if ((code !== 0 && code !== 1) || /fault of bal/.test(stderr)) failures.push(stderr);
}

await Promise.all([
  repeat("hello", () => stranger(routed, seeds.hello)),
  repeat("proxy", () => stranger(proxied, seeds.proxy)),
  repeat("admin", () => stranger(admin, seeds.admin)),
  repeat("ordinary", ordinary),
  repeat("config", config),
]);

for (const [kind, count] of Object.entries(counts)) figure(kind, count);
claim("failures", failures.slice(0, 5), failures.length === 0);
await bal.untilIdle();
const faults = bal.logs().filter(({ event }) => event === "fault");
claim("faults in the log", faults.slice(0, 3), faults.length === 0);
// A check may be under way.
claim("sockets over the beginning", bal.openStreams() - streams, bal.openStreams() <= streams + 8);
const ticks = bal.cpuTicks();
await Bun.sleep(2000);
figure("CPU when idle but for checks, ticks in 2 s", bal.cpuTicks() - ticks);
claim("exit code", await bal.stop(), bal.child.exitCode === 0);
names.close();
sick.stop(true);
conclude();
