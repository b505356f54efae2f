// The access log of sessions that were relayed: by each thread that may move their bytes, to each target.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { ACCESS_FIELDS } from "../../../src/config/schema/schema-log.ts";
import {
  type AccessLine,
  accessLines,
  logged,
  type Place,
  parseLines,
  untilLines,
} from "../../support/access-lines.ts";
import { spawnBal, temporaryHome } from "../../support/bal.ts";
import { echoPeer, holdingPeer, peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** Reads a byte and holds; so a client can be seen to be served. */
async function held(port: number): Promise<Wire> {
  const client = await connect(port);
  void client.send("?");
  await client.read(4);
  return client;
}

const served = (backend: Place) => ({
  listener: "edge",
  client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  sni: null,
  pool: "web",
  backend: `127.0.0.1:${backend.port}`,
  attempts: 1,
  queue_ms: 0,
  dial_ms: expect.any(Number),
  first_byte_ms: expect.any(Number),
  duration_ms: expect.any(Number),
  time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
});

describe("a session that was relayed", () => {
  test("and finished has every field", async () => {
    using backend = echoPeer();
    const { config, port } = logged([backend]);
    using bal = await spawnBal({ config });
    expect(await exchange(port, "hello")).toEqual({ ending: "eof", text: "hello" });
    const [line, ...others] = await untilLines(bal, 1);
    expect(others).toEqual([]);
    expect(Object.keys(line!)).toEqual([...ACCESS_FIELDS]);
    const ended = { bytes_up: 5, bytes_down: 5, end: "--", reason: "finished" };
    expect(line).toEqual({ ...served(backend), ...ended });
  });

  test("takes as long as it did: the backend's first byte after 300 ms, the end after 500", async () => {
    using backend = peer(async (wire) => {
      await wire.read(1);
      await Bun.sleep(300);
      void wire.send("a");
      await Bun.sleep(200);
      wire.finish();
    });
    const { config, port } = logged([backend]);
    using bal = await spawnBal({ config });
    await exchange(port, "?");
    const [line] = await untilLines(bal, 1);
    expect(line!.first_byte_ms).toBeWithin(290, 450);
    expect(line!.duration_ms).toBeWithin(490, 900);
    expect(line!.dial_ms).toBeWithin(0, 100);
    expect(Date.parse(String(line!.time))).toBeWithin(Date.now() - 5000, Date.now() + 1000);
  });

  test("and reset by its client, its backend or an operator", async () => {
    using backend = holdingPeer("held");
    const { config, port } = logged([backend]);
    using bal = await spawnBal({ config });
    (await held(port)).reset();
    await untilLines(bal, 1);
    using killed = await held(port);
    const { sessions } = JSON.parse((await bal.run("sessions", "--json")).stdout);
    await bal.run("sessions", "--kill", sessions[0].id);
    await killed.closed;
    await untilLines(bal, 2);
    using cut = await held(port);
    backend.kill();
    await cut.closed;
    const moved = { ...served(backend), bytes_up: 1, bytes_down: 4 };
    expect(await untilLines(bal, 3)).toEqual([
      { ...moved, end: "CR", reason: "client_reset" },
      { ...moved, end: "KR", reason: "killed" },
      { ...moved, end: "BR", reason: "backend_reset" },
    ]);
  });

  test("and silent for too long, or there when bal ends", async () => {
    using backend = holdingPeer("held");
    const { config, port } = logged([backend], { timeouts: { idle: "500ms", shutdown: 0 } });
    using bal = await spawnBal({ config });
    using idle = await held(port);
    await idle.closed;
    await untilLines(bal, 1);
    using last = await held(port);
    expect(await bal.stop()).toBe(0);
    await last.closed;
    expect(accessLines(bal)).toMatchObject([
      { end: "TR", reason: "idle_timeout", bytes_down: 4 },
      { end: "PR", reason: "shutdown", bytes_down: 4 },
    ]);
  });
});

describe("spliced sessions", () => {
  test.each([1, 2])("are told as the others are, with %d workers", async (workers) => {
    using backend = echoPeer();
    const { config, port } = logged([backend], { workers });
    using bal = await spawnBal({ config, env: { BAL_SPLICE_AFTER: "1" } });
    const text = "x".repeat(100_000);
    const sessions = Array.from({ length: 50 }, () => exchange(port, text));
    for (const { text: back } of await Promise.all(sessions)) expect(back).toBe(text);
    const lines = await untilLines(bal, 50);
    const ended = { bytes_up: 100_000, bytes_down: 100_000, end: "--", reason: "finished" };
    for (const line of lines) expect(line).toEqual({ ...served(backend), ...ended });
    expect(new Set(lines.map(({ client }) => client)).size).toBe(50);
  });

  test("take along when their backend's first byte came", async () => {
    using backend = peer(async (wire) => {
      await wire.read(1);
      await Bun.sleep(300);
      void wire.send("a");
      wire.finish();
    });
    const { config, port } = logged([backend]);
    using bal = await spawnBal({ config, env: { BAL_SPLICE_AFTER: "1" } });
    await exchange(port, "?");
    const [line] = await untilLines(bal, 1);
    expect(line!.first_byte_ms).toBeWithin(290, 500);
  });
});

describe("`errors`", () => {
  test("leaves out what a healthy service has, and tells the rest", async () => {
    using backend = holdingPeer("held");
    const dead = freePort();
    const log = { access: { mode: "errors", file: "access.log" } };
    const { config, port } = logged([{ port: dead }, backend], {
      log,
      pool: { method: "first" },
      workers: 1,
    });
    using bal = await spawnBal({ config });
    // The dead one is tried until it is ejected: a second dial is worth a line.
    await exchange(port, "?");
    expect(await untilLines(bal, 1)).toMatchObject([{ attempts: 2, end: "--" }]);
    const fine = { ...log, level: "info" };
    await bal.reload(logged([backend], { port, log: fine, workers: 1 }).config);
    await exchange(port, "?");
    (await held(port)).reset();
    await bal.untilIdle();
    const cut = await held(port);
    backend.kill();
    await cut.closed;
    expect(await untilLines(bal, 2)).toMatchObject([{ end: "--" }, { end: "BR" }]);
  });
});

test("a client of a unix socket has no address", async () => {
  using backend = echoPeer();
  using folder = temporaryHome();
  const path = join(folder.path, "edge.sock");
  const listeners = [{ name: "edge", unix: path, pool: "web" }];
  const { config } = logged([backend]);
  using bal = await spawnBal({ config: { ...config, listeners } });
  await exchange(path, "hello");
  expect(await untilLines(bal, 1)).toEqual([
    expect.objectContaining({ ...served(backend), client: null, bytes_up: 5, end: "--" }),
  ]);
});

describe("without a file", () => {
  test("lines go to stdout, bal's own log stays on stderr", async () => {
    using backend = echoPeer();
    const { config, port } = logged([backend], { log: { access: "all" } });
    using bal = await spawnBal({ config });
    await exchange(port, "hello");
    await until("the line is there", () => bal.stdout.endsWith("\n"));
    expect(parseLines(bal.stdout)).toMatchObject([{ end: "--", bytes_up: 5 }]);
    expect(bal.stderr).not.toContain('"bytes_up"');
  });

  test("as text, if it is to be, with the fields that are asked for", async () => {
    using backend = echoPeer();
    const fields = ["listener", "backend", "sni", "bytes_down", "end"];
    const log = { access: { mode: "all", format: "text", fields } };
    const { config, port } = logged([backend], { log });
    using bal = await spawnBal({ config });
    await exchange(port, "hello");
    await until("the line is there", () => bal.stdout.endsWith("\n"));
    expect(bal.stdout).toBe(`edge 127.0.0.1:${backend.port} - 5 --\n`);
  });
});

test("a reload switches it on and off; what began before is told as far as it is known", async () => {
  using backend = holdingPeer("held");
  const off = logged([backend], { log: {} });
  const on = logged([backend], { port: off.port });
  using bal = await spawnBal({ config: off.config });
  using unseen = await held(off.port);
  unseen.finish();
  await bal.untilIdle();
  using early = await held(off.port);
  const { changes } = await bal.reload(on.config);
  expect(changes.map(({ path }: { path: string }) => path)).toEqual([
    "log.access.mode",
    "log.access.file",
  ]);
  early.finish();
  const [line] = await untilLines(bal, 1);
  const unknown: AccessLine = {
    attempts: null,
    queue_ms: null,
    dial_ms: null,
    first_byte_ms: null,
  };
  expect(line).toEqual({
    ...served(backend),
    ...unknown,
    ...{ bytes_up: 1, bytes_down: 4, end: "--", reason: "finished" },
  });
  await bal.reload(off.config);
  await exchange(off.port, "?");
  expect(await bal.stop()).toBe(0);
  expect(accessLines(bal)).toHaveLength(1);
});
