// What a process that was replaced keeps for the sessions that go on in it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ALL, accessLines } from "../../support/access-lines.ts";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(120_000);

/** More than a session is copied for. */
const BULK_BYTES = 3 * 1024 * 1024;

/** The threads of the data plane; JSC's own have other names. */
function dataThreads(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const names = readdirSync(tasks).map((task) => nameOf(join(tasks, task, "comm")));
  return names.filter((name) => name === "Worker").length;
}

// It may have ended since it was listed.
function nameOf(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}

test.each([
  ["copied", {}],
  ["spliced", { BAL_SPLICE_AFTER: "1" }],
])("only the threads with sessions are left of it: %s", async (_, env) => {
  using echo = echoPeer();
  const config = simpleConfig([echo], { watch: false, workers: 4, log: ALL });
  using bal = await spawnBal({ config, env });
  using client = await connect(bal.port);
  await client.send("one");
  await client.read(3);
  expect(dataThreads(bal.pid)).toBeGreaterThanOrEqual(4);
  expect((await bal.upgrade()).left).toBe(1);
  await until("the others have ended", () => dataThreads(bal.pid) === 1);
  await client.send("two");
  expect(await client.read(6)).toBe("onetwo");
  client.finish();
  expect(await client.readToEnd()).toEqual({ ending: "eof", text: "onetwo" });
  expect(await bal.exited).toBe(0);
  expect(accessLines(bal)).toMatchObject([{ bytes_up: 6, bytes_down: 6 }]);
});

test("a session that becomes bulk there is spliced, and its line is logged at its end", async () => {
  using echo = echoPeer();
  const config = simpleConfig([echo], { watch: false, workers: 2, log: ALL });
  using bal = await spawnBal({ config, env: { BAL_SPLICE_AFTER: String(1024 * 1024) } });
  using client = await connect(bal.port);
  client.sink = () => {};
  await client.send("?");
  await client.read(1);
  await bal.upgrade();
  await until("the other worker has ended", () => dataThreads(bal.pid) === 1);
  await client.send(Buffer.alloc(BULK_BYTES));
  await client.read(1 + BULK_BYTES);
  await until("it has a splicer", () => dataThreads(bal.pid) === 2);
  client.finish();
  expect(await client.ended).toBe("eof");
  expect(await bal.exited).toBe(0);
  const bytes = 1 + BULK_BYTES;
  expect(accessLines(bal)).toMatchObject([{ bytes_up: bytes, bytes_down: bytes }]);
});
