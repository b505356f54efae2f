// ReloadQueue at bad moments: no descriptors left, a file that can't be read twice, a start or a drain
// under way.
import { expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bal, runBal, simpleConfig, spawnBal, temporaryHome } from "../../support/bal.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const listenerAt = (name: string, port: number) => ({
  name,
  bind_address: "127.0.0.1",
  port,
  pool: "p",
});

test("a reload for which there are too few descriptors changes nothing, and says so", async () => {
  using before = holdingPeer("before");
  using after = namedPeer("after");
  const [kept, gone] = [freePort(), freePort()];
  const config = (backend: number, ports: readonly number[]) => ({
    workers: 1,
    watch: false,
    limits: { max_connections: 92 },
    listeners: ports.map((port) => listenerAt(`l${port}`, port)),
    pools: { p: { backends: [{ host: "127.0.0.1", port: backend }] } },
  });
  using bal = await spawnBal({
    config: config(before.port, [kept, gone]),
    wrapper: ["bash", "-c", 'ulimit -n 256; exec "$@"', "bash"],
  });
  const clients = await Promise.all(Array.from({ length: 80 }, () => connect(gone)));
  await until("all are relayed", async () => (await bal.status()).listeners[1]!.active === 80);
  const many = [kept, ...Array.from({ length: 60 }, () => freePort())];
  await expect(bal.reload(config(after.port, many))).rejects.toThrow("descriptors are needed");
  for (const client of clients) client.reset();
  await bal.untilIdle();
  using still = await connect(gone);
  await still.send("?");
  expect(await still.read(6)).toBe("before");
  expect((await bal.status()).config.generation).toBe(1);
  await bal.reload(config(after.port, many));
  expect(await exchange(many.at(-1)!, "?")).toEqual({ ending: "eof", text: "after" });
});

test("a config from a pipe is read once: HUP is refused, and TERM still ends bal", async () => {
  using folder = temporaryHome();
  const pipe = join(folder.path, "pipe");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  using bal = new Bal({ config: "", args: ["-c", pipe] });
  writeFileSync(pipe, JSON.stringify(simpleConfig([{ port: 1 }])));
  await bal.ready();
  process.kill(bal.pid, "SIGHUP");
  await until("it is refused", () => bal.logs().some(({ event }) => event === "reload-refused"));
  process.kill(bal.pid, "SIGTERM");
  expect(await bal.exited).toBe(0);
});

test("a HUP as soon as the pid file is there does not end bal", async () => {
  for (let round = 0; round < 10; round++) {
    using bal = new Bal({ config: simpleConfig([{ port: 1 }]) });
    const pidFile = join(bal.home, "bal.pid");
    while (!existsSync(pidFile)) await Bun.sleep(0);
    process.kill(bal.pid, "SIGHUP");
    await bal.ready();
  }
});

test("another spelling of a backend's address keeps what is known of it", async () => {
  using up = namedPeer("up");
  const dead = freePort();
  const config = (host: string) => ({
    ...simpleConfig([up], { health_check: { interval: "200ms", fall: 1 } }),
    backends: [
      { name: "dead", host, port: dead },
      { name: "up", host: "127.0.0.1", port: up.port },
    ],
  });
  const first = config("localhost");
  using bal = await spawnBal({ config: first });
  const stateOf = async () => (await bal.status()).pools[0]!.backends[0]!.state;
  await until("it is down", async () => (await stateOf()) === "down");
  await bal.reload({ ...config("127.0.0.1"), port: first.port });
  expect(await stateOf()).toBe("down");
});

test("a TERM while a reload looks up names drains at once", async () => {
  using backend = namedPeer("a");
  const config = simpleConfig([backend]);
  using bal = await spawnBal({ config });
  // A name server that never answers would be slow; this name is looked up by the system's resolver.
  bal.write({ ...config, backends: [{ host: "no-such-host.invalid", port: 1 }] });
  process.kill(bal.pid, "SIGHUP");
  process.kill(bal.pid, "SIGTERM");
  expect(await bal.exited).toBe(0);
  expect((await runBal(["status"], { home: bal.home })).code).toBe(1);
});
