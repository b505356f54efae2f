// Backends steered by hand: drains and weights over the admin API and by command.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackendStatus } from "../../../src/api/admin-api.ts";
import {
  at,
  type Bal,
  balBinary,
  type ConfigObject,
  fullConfig,
  runBal,
  simpleConfig,
  spawnBal,
  temporaryHome,
} from "../../support/bal.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

type Answer = { readonly status: number; readonly body: unknown };

async function send(bal: Bal, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`http://bal${path}`, {
    unix: join(bal.home, "bal.sock"),
    method,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const backendPath = (name: string, pool = "default") =>
  `/v1/pools/${pool}/backends/${encodeURIComponent(name)}`;

async function backends(bal: Bal): Promise<readonly BackendStatus[]> {
  return (await bal.status()).pools.flatMap((pool) => pool.backends);
}

/** Who serves `count` clients, one after the other: how often each. */
async function served(port: number, count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const { text } = await exchange(port, "?");
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}

test("a drain by hand takes no new client, keeps those it has, and --wait sees the last one go", async () => {
  using a = holdingPeer("a");
  using b = namedPeer("b");
  const { config, port } = fullConfig({
    backends: [at(a, { name: "one" }), at(b, { name: "two" })],
    pool: { method: "first" },
  });
  using bal = await spawnBal({ config });
  using client = await connect(port);
  await client.send("?");
  expect(await client.read(1)).toBe("a");
  const waiting = bal.run("drain", "one", "--wait");
  await until("it drains", async () => (await backends(bal))[0]?.state === "draining");
  expect(await served(port, 6)).toEqual({ b: 6 });
  expect((await backends(bal))[0]).toMatchObject({
    active: 1,
    reason: "drained by an operator",
    override: { drain: true },
  });
  client.finish();
  expect(await waiting).toEqual({ code: 0, stdout: "web/one is drained\n", stderr: "" });
  const undrained = await bal.run("undrain", "web/one");
  expect(undrained.code).toBe(0);
  expect((await backends(bal))[0]).not.toHaveProperty("override");
  using again = await connect(port);
  await again.send("?");
  expect(await again.read(1)).toBe("a");
});

test("a wait that takes too long is 1, and the drain stays; somebody else's undrain ends it", async () => {
  using a = holdingPeer("a");
  const config = simpleConfig([a]);
  using bal = await spawnBal({ config });
  using client = await connect(config.port);
  await client.send("?");
  await client.read(1);
  const name = `127.0.0.1:${a.port}`;
  const late = await bal.run("drain", name, "--wait", "--timeout", "300ms");
  expect([late.code, late.stdout]).toEqual([1, ""]);
  expect(late.stderr).toContain(`default/${name} has 1 connection left`);
  expect((await backends(bal))[0]?.state).toBe("draining");
  await bal.run("undrain", name);
  const waiting = bal.run("drain", name, "--wait");
  await until("it drains", async () => (await backends(bal))[0]?.state === "draining");
  await bal.run("undrain", name);
  const ended = await waiting;
  expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining("is no longer draining")]);
});

test("a weight is in force at once in every worker, without a reload", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const config = simpleConfig([a, b], { workers: 2 });
  using bal = await spawnBal({ config });
  const name = `127.0.0.1:${a.port}`;
  const { code, stdout } = await bal.run("weight", name, "3");
  expect([code, stdout]).toEqual([0, `default/${name}: weight 1 → 3\n`]);
  expect(await served(config.port, 40)).toEqual({ a: 30, b: 10 });
  await bal.run("weight", name, "0");
  expect(await served(config.port, 10)).toEqual({ b: 10 });
  const back = await bal.run("weight", name, "1");
  expect(back.stdout).toBe(`default/${name}: weight 0 → 1, as in the config\n`);
  expect(await served(config.port, 10)).toEqual({ a: 5, b: 5 });
  expect((await bal.status()).config.generation).toBe(1);
});

/** The same home again, by another process. */
async function startAgain(bal: Bal) {
  const child = Bun.spawn([balBinary(), "start", "-c", bal.file], {
    env: { PATH: process.env.PATH ?? "", BAL_HOME: bal.home },
    stdio: ["ignore", "ignore", "pipe"],
  });
  await until("it is ready again", async () => (await bal.get("/readyz"))?.ok);
  return {
    stderr: child.stderr,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

test("overrides survive a reload and a restart, and go with their backend", async () => {
  using a = namedPeer("a");
  using b = namedPeer("b");
  const [one, two] = [at(a, { name: "one" }), at(b, { name: "two" })];
  const { port, config } = fullConfig({ backends: [one, two] }, { watch: false });
  const without = fullConfig({ backends: [two] }, { watch: false, port }).config;
  using bal = await spawnBal({ config });
  const rows = async () =>
    (await backends(bal)).map(({ override, weight }) => ({ override, weight }));
  const overridden = [
    { override: { drain: true }, weight: 1 },
    { override: { weight: 7 }, weight: 7 },
  ];
  expect((await send(bal, "PATCH", backendPath("one", "web"), { drain: true })).status).toBe(200);
  await send(bal, "PATCH", backendPath("two", "web"), { weight: 7 });
  await bal.reload({ ...config, retries: 1 });
  expect(await rows()).toEqual(overridden);
  const state = join(bal.home, "state.json");
  expect(statSync(state).mode & 0o777).toBe(0o600);
  expect(await bal.stop()).toBe(0);
  await using _ = await startAgain(bal);
  expect(await rows()).toEqual(overridden);
  expect(await served(port, 4)).toEqual({ b: 4 });
  // Gone from the config, and back: as if it were new.
  await bal.reload(without);
  await until("it is forgotten", () => !readFileSync(state, "utf8").includes("one"));
  await bal.reload(config);
  expect(await rows()).toEqual([{ override: undefined, weight: 1 }, overridden[1]!]);
});

test("a drain that can't be kept is in force, and said to end with the next start", async () => {
  using bal = await spawnBal({ config: simpleConfig([{ port: 1 }], { watch: false }) });
  // Stands for a full disk, also before root.
  const state = join(bal.home, "state.json");
  mkdirSync(state);
  const drained = await bal.run("drain", "127.0.0.1:1");
  expect([drained.code, drained.stdout]).toEqual([
    0,
    "default/127.0.0.1:1 is draining: 0 connections left\n",
  ]);
  expect(drained.stderr).toMatch(
    /^warning: cannot write .*state\.json: .*lost at the next start\n$/,
  );
  expect((await backends(bal))[0]!.state).toBe("draining");
  rmSync(state, { recursive: true });
  const undrained = await bal.run("undrain", "127.0.0.1:1");
  expect([undrained.code, undrained.stderr]).toEqual([0, ""]);
});

test("a state file that means nothing is a warning, and bal starts", async () => {
  using bal = await spawnBal({ config: simpleConfig([{ port: 1 }]) });
  await bal.stop();
  writeFileSync(join(bal.home, "state.json"), "{");
  const again = await startAgain(bal);
  await again[Symbol.asyncDispose]();
  expect(await again.stderr.text()).toContain("state-unreadable");
});

test("the route says what is wrong, and where", async () => {
  using bal = await spawnBal({ config: simpleConfig([{ port: 1 }]) });
  const path = backendPath("127.0.0.1:1");
  const cases: readonly (readonly [string, unknown, number, string])[] = [
    [path, { drain: "yes" }, 400, "`drain`: expected true or false"],
    [path, { weight: 300 }, 400, "an integer from 0 to 256, found 300"],
    [path, { wieght: 3 }, 400, "unknown key `wieght`"],
    [path, "{", 400, "not JSON"],
    [path, {}, 400, "neither"],
    [path, [], 400, "an object"],
    [backendPath("127.0.0.1:2"), { drain: true }, 404, "no backend `127.0.0.1:2`"],
    [backendPath("127.0.0.1:1", "defualt"), { drain: true }, 404, "no pool `defualt`"],
  ];
  for (const [at, body, status, words] of cases) {
    const answer = await send(bal, "PATCH", at, body);
    expect([body, answer.status]).toEqual([body, status]);
    expect(answer.body).toMatchObject({ error: { message: expect.stringContaining(words) } });
  }
  expect((await backends(bal))[0]).not.toHaveProperty("override");
});

test("DELETE takes all of it back, also over what the config says", async () => {
  const { config } = fullConfig({ backends: [{ host: "127.0.0.1", port: 1, drain: true }] });
  using bal = await spawnBal({ config });
  const path = backendPath("127.0.0.1:1", "web");
  const patched = await send(bal, "PATCH", path, { drain: false, weight: 9 });
  expect(patched.body).toMatchObject({ weight: 9, override: { drain: false, weight: 9 } });
  const notes = "drain ended by an operator; weight set by an operator";
  expect((await bal.run("status")).stdout).toContain(notes);
  expect((patched.body as BackendStatus).state).not.toBe("draining");
  const deleted = await send(bal, "DELETE", `${path}/override`);
  expect(deleted).toMatchObject({
    status: 200,
    body: { state: "draining", reason: "drained in the config", weight: 1 },
  });
  expect(deleted.body).not.toHaveProperty("override");
  expect((await send(bal, "DELETE", `${path}/override`)).status).toBe(200);
});

test("a name that is in two pools, or in none, is 1 with the choices", async () => {
  const backend = { host: "127.0.0.1", port: 1 };
  const { config } = fullConfig({ backends: [backend] });
  const listeners = config.listeners as readonly ConfigObject[];
  const pools = { ...(config.pools as ConfigObject), "web/x": { backends: [backend] } };
  const other = { ...listeners[0], name: "other", port: simpleConfig([]).port, pool: "web/x" };
  using bal = await spawnBal({ config: { ...config, pools, listeners: [...listeners, other] } });
  const ambiguous = await bal.run("drain", "127.0.0.1:1");
  expect([ambiguous.code, ambiguous.stdout]).toEqual([1, ""]);
  expect(ambiguous.stderr).toContain("web/127.0.0.1:1, web/x/127.0.0.1:1");
  expect((await bal.run("drain", "web/x/127.0.0.1:1")).code).toBe(0);
  const unknown = await bal.run("undrain", "127.0.0.1:11");
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("did you mean")]);
});

test("wrong usage is 2, and no bal that runs is 1", async () => {
  using home = temporaryHome();
  const run = async (...args: string[]) => (await runBal(args, { home: home.path })).code;
  expect(await run("weight", "a", "x")).toBe(2);
  expect(await run("weight", "a", "257")).toBe(2);
  expect(await run("weight", "a")).toBe(2);
  expect(await run("drain")).toBe(2);
  expect(await run("drain", "a", "b")).toBe(2);
  expect(await run("drain", "a", "--wait", "--timeout", "soon")).toBe(2);
  expect(await run("drain", "a", "--timeout", "5s")).toBe(2);
  expect(await run("drain", "a")).toBe(1);
  expect(await run("undrain", "a")).toBe(1);
  expect(await run("weight", "a", "1")).toBe(1);
});
