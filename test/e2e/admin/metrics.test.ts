// /metrics of the binary: what it counts, over reloads, and that promtool finds nothing wrong.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { at, fullConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

async function scraped(
  backends: readonly ReturnType<typeof at>[],
  ports?: { port: number; admin: number },
) {
  const admin = ports?.admin ?? (await freePort());
  const more = { admin: { listen: `127.0.0.1:${admin}` }, workers: 2 };
  const made = fullConfig({ backends }, ports === undefined ? more : { ...more, port: ports.port });
  const read = async (accept = "*/*") =>
    await (
      await fetch(`http://127.0.0.1:${admin}/metrics`, { headers: { Accept: accept } })
    ).text();
  /** Of a line that begins so. */
  const value = async (series: string) => {
    const line = (await read()).split("\n").find((one) => one.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  };
  return { ...made, admin, read, value };
}

test("counts what was served, goes on over a reload, and forgets who is gone", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const two = await scraped([at(a, { name: "a" }), at(b, { name: "b" })]);
  using bal = await spawnBal({ config: two.config });
  for (let i = 0; i < 10; i++) expect((await exchange(two.port, "?")).ending).toBe("eof");
  const pool = fullPoolName(await two.read());
  expect(pool).toBeString();
  const total = async (name: string) =>
    await two.value(`bal_backend_connections_total{pool="${pool}",backend="${name}"}`);
  expect([await total("a"), await total("b")]).toEqual([5, 5]);
  await until(
    "the ends are counted",
    async () => (await two.value("bal_session_seconds_count")) === 10,
  );
  expect(await two.read()).toContain('reason="finished"} 10\n');
  const one = await scraped([at(a, { name: "a" })], { port: two.port, admin: two.admin });
  await bal.reload(one.config);
  expect(await total("a")).toBe(5);
  await until("its row is free", async () => (await total("b")) === null);
  expect(await two.value('bal_config_reloads_total{result="success"}')).toBe(1);
  expect(await two.value("bal_config_generation")).toBe(2);
});

function fullPoolName(text: string): string | undefined {
  return /bal_backend_up\{pool="([^"]+)"/.exec(text)?.[1];
}

test("a config that was refused shows until one is taken, and when that was", async () => {
  using a = namedPeer("a");
  const { config: written, value } = await scraped([
    at(a, { max_connections: 1, queue: { size: 3 } }),
  ]);
  const config = { ...written, limits: { max_connections: 7 }, watch: false };
  using bal = await spawnBal({ config });
  const isTaken = () => value("bal_config_last_reload_successful");
  const takenAt = async () =>
    (await value("bal_config_last_reload_success_timestamp_seconds")) ?? Number.NaN;
  expect(await isTaken()).toBe(1);
  const atStart = await takenAt();
  expect(Math.abs(Date.now() / 1000 - atStart)).toBeLessThan(600);
  bal.write({ ...config, metod: "first" });
  expect((await bal.run("graceful")).code).toBe(1);
  expect(await isTaken()).toBe(0);
  expect(await takenAt()).toBe(atStart);
  bal.write(config);
  expect((await bal.run("graceful")).code).toBe(0);
  expect(await isTaken()).toBe(1);
  // It changed nothing, and was taken all the same.
  expect(await takenAt()).toBeGreaterThan(atStart);
  expect(await value("bal_config_generation")).toBe(1);
  expect(await value("bal_connections_max")).toBe(7);
  expect(await value('bal_pool_queue_max{pool="web"}')).toBe(3);
});

test.skipIf(Bun.which("promtool") === null)("promtool finds nothing wrong", async () => {
  using a = echoPeer();
  const one = await scraped([at(a)]);
  using bal = await spawnBal({ config: one.config });
  await bal.untilState(a.port, "up");
  const checked = Bun.spawnSync(["promtool", "check", "metrics"], {
    stdin: Buffer.from(await one.read()),
  });
  expect(checked.stderr.toString() + checked.stdout.toString()).toBe("");
  expect(checked.exitCode).toBe(0);
  const open = await one.read("application/openmetrics-text;version=1.0.0");
  expect(open.endsWith("# EOF\n")).toBe(true);
});

test("docs/metrics.md has just the families that there are", async () => {
  using a = echoPeer();
  const one = await scraped([at(a)]);
  using _ = await spawnBal({ config: one.config });
  const served = [...(await one.read()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const page = readFileSync(join(import.meta.dir, "../../../docs/metrics.md"), "utf8");
  const told = [...page.matchAll(/^\| `(\w+)`[^|]*\| (\w+) \|/gm)];
  const rows = (matches: RegExpExecArray[]) => matches.map(([, name, type]) => `${name} ${type}`);
  expect(rows(told).toSorted()).toEqual(rows(served).toSorted());
});
