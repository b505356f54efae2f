// The fate of unix sockets, and of their files, when another process takes a bal's place.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Load, summary } from "../../soak/load.ts";
import { at, type Bal, type ConfigObject, fullConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, type Peer, peer } from "../../support/peer.ts";
import { processesOf, servingPid } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(120_000);

let folder = "";
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-upgrade-sockets-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A path that nothing has. */
const fresh = () => join(folder, `${++made}.sock`);

/** Until only the process that serves is there. */
const untilAlone = (bal: Bal) =>
  until("the old ones have ended", () => processesOf(bal.home).length === 1);

const configAt = (unix: string, backend: Peer, listener: ConfigObject = {}, workers = 2) =>
  fullConfig(
    { backends: [at(backend)], listener: { unix, ...listener } },
    { watch: false, workers },
  ).config;

test("no client of a unix socket is lost, and its file is always there", async () => {
  const path = fresh();
  using short = peer(async (wire) => {
    await wire.read(1);
    void wire.send("x".repeat(1024));
    wire.finish();
  });
  using bal = await spawnBal({ config: configAt(path, short) });
  const { ino } = statSync(path);
  const load = new Load({ port: path, total: Number.POSITIVE_INFINITY, atOnce: 8 });
  for (const workers of [3, 1, 2]) {
    const { done } = load;
    bal.write(configAt(path, short, {}, workers));
    await bal.upgrade();
    await until("the new one is under load", () => load.done > done + 200);
    expect(statSync(path).ino).toBe(ino);
  }
  await untilAlone(bal);
  await until("it is under load still", () => load.done > 1000);
  await load.stop();
  expect(summary(load.failures)).toBe("none");
  expect((await bal.run("stop")).code).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test("sessions go on in the old process, and its end takes no file along", async () => {
  const path = fresh();
  using echo = echoPeer();
  using bal = await spawnBal({ config: configAt(path, echo) });
  using client = await connect(path);
  await client.send("one");
  await client.read(3);
  bal.write(configAt(path, echo, { mode: "0606" }));
  expect((await bal.upgrade()).left).toBe(1);
  // The file is the new process's to change once the old one has let go of it.
  await until("the file has its new rights", () => (statSync(path).mode & 0o777) === 0o606);
  await client.send("two");
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: "onetwo" });
  expect(await bal.exited).toBe(0);
  await untilAlone(bal);
  expect(existsSync(path)).toBe(true);
});

test("a listener that the new config has moved leaves no file behind", async () => {
  const [path, other] = [fresh(), fresh()];
  using echo = echoPeer();
  using bal = await spawnBal({ config: configAt(path, echo) });
  bal.write(configAt(other, echo));
  await bal.upgrade();
  await untilAlone(bal);
  expect([existsSync(path), existsSync(other)]).toEqual([false, true]);
  process.kill(servingPid(bal.home) ?? 0, "SIGTERM");
  await until("it has ended", () => processesOf(bal.home).length === 0);
  expect(existsSync(other)).toBe(false);
});

test("an upgrade that fails leaves the file, and removes what it had made", async () => {
  const [path, new1] = [fresh(), fresh()];
  using echo = echoPeer();
  using bal = await spawnBal({ config: configAt(path, echo) });
  const { ino } = statSync(path);
  const { listeners, ...rest } = configAt(path, echo) as { listeners: ConfigObject[] };
  const further = [new1, "/none/a.sock"].map((unix, nth) => ({
    name: `n${nth}`,
    unix,
    pool: "web",
  }));
  bal.write({ ...rest, listeners: [...listeners, ...further] });
  const { code, stderr } = await bal.run("upgrade");
  expect([code, stderr]).toEqual([1, expect.stringContaining("/none/a.sock does not exist")]);
  expect([statSync(path).ino, existsSync(new1)]).toEqual([ino, false]);
  using client = await connect(path);
  await client.send("?");
  expect(await client.read(1)).toBe("?");
});
