// The admin API over TCP: who may use it, and how a reload moves it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bal, type ConfigObject, simpleConfig, spawnBal } from "../../support/bal.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const TOKEN = "s3cret-s3cret-s3cret";

function config(admin: ConfigObject, port = freePort()): ConfigObject {
  return { ...simpleConfig([{ port: 1 }]), port, watch: false, admin };
}

type Ask = { readonly method?: string; readonly headers?: Record<string, string> };

async function ask(port: number, path: string, options: Ask = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, options);
  await response.arrayBuffer();
  return response.status;
}

test("without a token loopback may do what the socket may, but no foreign page", async () => {
  const port = freePort();
  using bal = await spawnBal({ config: config({ listen: `127.0.0.1:${port}` }) });
  expect(await ask(port, "/v1/status")).toBe(200);
  expect(await ask(port, "/v1/reload", { method: "POST" })).toBe(200);
  expect(await ask(port, "/nowhere")).toBe(404);
  expect(await ask(port, "/")).toBe(200);
  const rebound = { Host: `evil.example:${port}` };
  const foreign = { Origin: "http://evil.example" };
  for (const headers of [rebound, foreign]) {
    expect(await ask(port, "/v1/status", { headers })).toBe(403);
    expect(await ask(port, "/v1/stop", { method: "POST", headers })).toBe(403);
    expect(await ask(port, "/livez", { headers })).toBe(200);
  }
  expect(await ask(port, "/v1/stop")).toBe(405);
  expect((await bal.status()).phase).toBe("running");
});

test("with a token everything needs it, but what asks whether bal is alive", async () => {
  const port = freePort();
  using bal = await spawnBal({ config: config({ listen: `0.0.0.0:${port}`, token: TOKEN }) });
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
  expect(await ask(port, "/v1/status")).toBe(401);
  expect(await ask(port, "/v1/status", bearer("another"))).toBe(401);
  expect(await ask(port, "/v1/status", bearer(TOKEN))).toBe(200);
  expect(await ask(port, "/livez")).toBe(200);
  expect(await ask(port, "/readyz")).toBe(200);
  expect((await bal.status()).pid).toBe(bal.pid);
  expect(bal.stderr).not.toContain(TOKEN);
});

test("a reload moves it, changes its token and closes it; a connection lives on", async () => {
  using backend = holdingPeer("b");
  const [first, second] = [freePort(), freePort()];
  const base = simpleConfig([backend], { watch: false });
  const withAdmin = (admin: ConfigObject) => ({ ...base, admin });
  using bal = await spawnBal({ config: withAdmin({ listen: `127.0.0.1:${first}` }) });
  using client = await connect(base.port);
  await client.send("?");
  await client.read(1);
  bal.write(withAdmin({ listen: `127.0.0.1:${second}`, token: TOKEN }));
  // Asked over the address that it gives up: that is answered all the same.
  const answer = await fetch(`http://127.0.0.1:${first}/v1/reload`, { method: "POST" });
  expect(await answer.json()).toMatchObject({ generation: 2 });
  await expect(ask(first, "/livez", { headers: { Connection: "close" } })).rejects.toThrow();
  expect(await ask(second, "/v1/status")).toBe(401);
  const report = await bal.reload(
    withAdmin({ listen: `127.0.0.1:${second}`, token: `${TOKEN}${TOKEN}` }),
  );
  expect(report.changes).toEqual([
    { kind: "changed", path: "admin.token", from: "(hidden)", to: "(hidden)" },
  ]);
  const headers = { Authorization: `Bearer ${TOKEN}` };
  expect(await ask(second, "/v1/status", { headers })).toBe(401);
  await bal.reload(base);
  await expect(ask(second, "/livez", { headers: { Connection: "close" } })).rejects.toThrow();
  await client.send("?");
  expect(client.isClosed).toBe(false);
  expect(bal.stderr).not.toContain(TOKEN);
});

test("an address that is taken refuses the reload, and ends a start", async () => {
  using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const port = freePort();
  const busy = `127.0.0.1:${taken.port}`;
  using bal = await spawnBal({ config: config({ listen: `127.0.0.1:${port}` }) });
  const refused = bal.reload(config({ listen: busy }));
  await expect(refused).rejects.toThrow(`the admin API cannot listen: ${busy} is already in use`);
  expect((await bal.status()).config.generation).toBe(1);
  expect(await ask(port, "/readyz")).toBe(200);
  using failing = new Bal({ config: config({ listen: busy }) });
  expect(await failing.exited).toBe(1);
  expect(failing.stderr).toContain(`the admin API cannot listen: ${busy} is already in use`);
});

test("a data address that is taken leaves the admin API where it was", async () => {
  using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const [port, next] = [freePort(), freePort()];
  using bal = await spawnBal({ config: config({ listen: `127.0.0.1:${port}` }) });
  const refused = bal.reload(config({ listen: `127.0.0.1:${next}` }, taken.port));
  await expect(refused).rejects.toThrow("already in use");
  expect(await ask(port, "/readyz")).toBe(200);
  await expect(ask(next, "/readyz")).rejects.toThrow();
});

test("an address that overlaps its own takes its place, or leaves it where it was", async () => {
  using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const port = freePort();
  const wide = { listen: `0.0.0.0:${port}`, token: TOKEN };
  using bal = await spawnBal({ config: config({ listen: `127.0.0.1:${port}` }) });
  await expect(bal.reload(config(wide, taken.port))).rejects.toThrow("already in use");
  expect(await ask(port, "/v1/status")).toBe(200);
  await bal.reload(config(wide));
  expect(await ask(port, "/v1/status")).toBe(401);
});

test("a token file is read at the start and at each reload, beside the config", async () => {
  const port = freePort();
  const written = config({ listen: `127.0.0.1:${port}`, token_file: "admin.token" });
  using missing = new Bal({ config: written });
  expect(await missing.exited).toBe(1);
  expect(missing.stderr).toContain("cannot read the admin token from");
  using bal = new Bal({ config: config({}) });
  await bal.ready();
  const file = join(bal.home, "admin.token");
  await expect(bal.reload(written)).rejects.toThrow("ENOENT");
  writeFileSync(file, `${TOKEN}\n`);
  chmodSync(file, 0o644);
  await bal.reload(written);
  expect(bal.logs().some(({ event }) => event === "token-file")).toBe(true);
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
  expect(await ask(port, "/v1/status", bearer(TOKEN))).toBe(200);
  writeFileSync(file, `${TOKEN}-2`);
  expect((await bal.reload(written)).generation).toBe(3);
  expect(await ask(port, "/v1/status", bearer(TOKEN))).toBe(401);
  expect(await ask(port, "/v1/status", bearer(`${TOKEN}-2`))).toBe(200);
  writeFileSync(file, "two words");
  await expect(bal.reload(written)).rejects.toThrow("does not contain a token");
  expect(bal.stderr).not.toContain("two words");
});

test("a faulty request does no harm", async () => {
  const port = freePort();
  using bal = await spawnBal({ config: config({ listen: `127.0.0.1:${port}` }) });
  const body = "x".repeat(2 * 1024 * 1024);
  const large = await fetch(`http://127.0.0.1:${port}/v1/stop`, { method: "POST", body });
  expect(large.status).toBe(413);
  for (const text of ["\x16\x03\x01\x02\x00", "GET / HTTP/1.1\r\n\r\n", "\r\n".repeat(9999)]) {
    using wire = await connect(port);
    await wire.send(text);
    wire.finish();
    await wire.readToEnd();
  }
  expect(await ask(port, "/readyz")).toBe(200);
  expect((await bal.status()).phase).toBe("running");
});

test("however many clients come, connections are balanced", async () => {
  using backend = namedPeer("b");
  const admin = freePort();
  const base = simpleConfig([backend], { admin: { listen: `127.0.0.1:${admin}` }, workers: 1 });
  using bal = await spawnBal({
    config: base,
    wrapper: ["bash", "-c", 'ulimit -n 256; exec "$@"', "bash"],
  });
  const flood = await Promise.all(Array.from({ length: 300 }, () => connect(admin)));
  await until("those that are too many are reset", () => {
    return flood.filter(({ isClosed }) => isClosed).length >= 300 - 16;
  });
  for (let i = 0; i < 10; i++) {
    expect(await exchange(base.port, "?")).toEqual({ ending: "eof", text: "b" });
  }
  expect(bal.openStreams()).toBeLessThan(128);
  expect(bal.logs().filter(({ event }) => event === "admin-full")).toHaveLength(1);
  for (const wire of flood) wire.reset();
  await until("there is room again", () =>
    ask(admin, "/readyz").then(
      (status) => status === 200,
      () => false,
    ),
  );
});

test("readers of events over TCP get them all, and leave no socket behind", async () => {
  using backend = namedPeer("b");
  const admin = freePort();
  const config = simpleConfig([backend], { admin: { listen: `127.0.0.1:${admin}` } });
  using bal = await spawnBal({ config });
  const streams = bal.openStreams();
  const reader = async () => {
    const wire = await connect(admin);
    await wire.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until("it has begun", () => wire.text().includes(": events"));
    return wire;
  };
  using one = await reader();
  using two = await reader();
  const path = `http://127.0.0.1:${admin}/v1/pools/default/backends/127.0.0.1:${backend.port}`;
  for (let i = 0; i < 50; i++) {
    await fetch(path, { method: "PATCH", body: JSON.stringify({ weight: 2 + (i % 2) }) });
  }
  for (const wire of [one, two]) {
    await until("it has all", () => wire.text().split("event: weight").length === 51);
  }
  one.reset();
  two.finish();
  await until("their sockets are closed", () => bal.openStreams() <= streams + 3);
});
