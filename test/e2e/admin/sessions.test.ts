// Who is connected: the list over the admin API and by command, and the end of one.
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { SessionStatus } from "../../../src/api/admin-api.ts";
import { at, type Bal, fullConfig, runBal, spawnBal } from "../../support/bal.ts";
import { echoPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

async function ask(bal: Bal, path: string, method = "GET") {
  const unix = join(bal.home, "bal.sock");
  const response = await fetch(`http://bal${path}`, { unix, method });
  return { status: response.status, body: await response.json() };
}

async function listed(bal: Bal, query = ""): Promise<readonly SessionStatus[]> {
  return ((await ask(bal, `/v1/sessions${query}`)).body as { sessions: SessionStatus[] }).sessions;
}

test("lists the largest or the oldest first, of all workers", async () => {
  using backend = echoPeer();
  const { config, port } = fullConfig({ backends: [at(backend)] }, { workers: 2 });
  using bal = await spawnBal({ config });
  expect(await listed(bal)).toEqual([]);
  const wires = [];
  for (let bytes = 1; bytes <= 8; bytes++) {
    const wire = await connect(port);
    wires.push(wire);
    await wire.send("x".repeat(bytes));
    expect(await wire.read(bytes)).toHaveLength(bytes);
  }
  const largest = await listed(bal, "?limit=3");
  expect(largest.map(({ bytes_up, bytes_down }) => [bytes_up, bytes_down])).toEqual([
    [8, 8],
    [7, 7],
    [6, 6],
  ]);
  const oldest = await listed(bal, "?sort=age&limit=2");
  expect(oldest.map(({ bytes_up }) => bytes_up)).toEqual([1, 2]);
  expect(new Set((await listed(bal)).map(({ id }) => id)).size).toBe(8);
  expect(largest[0]).toMatchObject({ backend: `127.0.0.1:${backend.port}`, phase: "relaying" });
  expect(largest[0]?.client).toMatch(/^127\.0\.0\.1:\d+$/);
  const table = await runBal(["sessions", "--limit", "2"], { home: bal.home });
  expect(table.code).toBe(0);
  expect(table.stdout.trimEnd().split("\n")).toHaveLength(3);
  expect(table.stdout).toContain(largest[0]?.id ?? "none");
  for (const wire of wires) wire.reset();
  await until("all are gone", async () => (await listed(bal)).length === 0);
});

test("one that is killed is reset, and the others live on", async () => {
  using backend = echoPeer();
  const { config, port } = fullConfig({ backends: [at(backend)] });
  using bal = await spawnBal({ config });
  using first = await connect(port);
  using second = await connect(port);
  await first.send("first");
  expect(await first.read(5)).toBe("first");
  const [largest] = await listed(bal);
  const killed = await runBal(["sessions", "--kill", largest?.id ?? ""], { home: bal.home });
  expect([killed.code, killed.stdout]).toEqual([0, `session ${largest?.id} was reset\n`]);
  expect((await first.readToEnd()).ending).toBe("reset");
  await second.send("second");
  expect(await second.read(6)).toBe("second");
  expect((await ask(bal, `/v1/sessions/${largest?.id}`, "DELETE")).status).toBe(404);
  const again = await runBal(["sessions", "--kill", "0-1"], { home: bal.home });
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("there is no session `0-1`");
});

test.skipIf(process.platform !== "linux")(
  "a bulk session keeps its id, its client and its bytes when the kernel moves them",
  async () => {
    using backend = echoPeer();
    const { config, port } = fullConfig({ backends: [at(backend)] });
    using bal = await spawnBal({ config });
    using client = await connect(port);
    await client.send("x");
    await client.read(1);
    const [before] = await listed(bal);
    expect(before).toMatchObject({ bytes_up: 1, bytes_down: 1 });
    const bulk = new Uint8Array(8 * 2 ** 20);
    void client.send(bulk);
    await client.read(1 + bulk.length);
    const all = { bytes_up: 1 + bulk.length, bytes_down: 1 + bulk.length };
    const { id, client: peer } = before ?? {};
    await until(
      "all is counted",
      async () => (await listed(bal))[0]?.bytes_down === all.bytes_down,
    );
    const [now] = await listed(bal);
    expect(now).toMatchObject({ id, client: peer, ...all });
    expect((await ask(bal, `/v1/sessions/${now?.id}`, "DELETE")).body).toEqual({
      id: now?.id,
      end: "KR",
    });
    expect((await client.readToEnd()).ending).toBe("reset");
    expect(await listed(bal)).toEqual([]);
  },
);

test.each(["?sort=size", "?limit=0", "?limit=1001", "?limit=many"])(
  "%s is refused with what is allowed",
  async (query) => {
    using backend = echoPeer();
    using bal = await spawnBal({ config: fullConfig({ backends: [at(backend)] }).config });
    const { status, body } = await ask(bal, `/v1/sessions${query}`);
    expect([status, body]).toMatchObject([400, { error: { code: "bad-request" } }]);
  },
);
