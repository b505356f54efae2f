// The front of the admin API over TCP, before a real Bun.serve.
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import {
  ConnectionLimiter,
  type ConnectionLimiterOptions,
} from "../../../src/control/admin/connection-limiter.ts";
import { temporaryHome } from "../../support/bal.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

const home = temporaryHome();
const inner = join(home.path, "inner.sock");
const BIG = "x".repeat(32 * 1024 * 1024);
const server = Bun.serve({
  unix: inner,
  development: false,
  maxRequestBodySize: BIG.length,
  fetch: async (request) => {
    const body = await request.text();
    return new Response(request.url.endsWith("/big") ? BIG : String(body.length));
  },
});
afterAll(async () => {
  await server.stop(true);
  home[Symbol.dispose]();
});

function fronted(options: Partial<ConnectionLimiterOptions> = {}) {
  const port = freePort();
  let refused = 0;
  const onFull = () => refused++;
  const address = { ip: "127.0.0.1", port };
  const front = new ConnectionLimiter({ address, inner, limit: 2, onFull, ...options });
  front.listen();
  return {
    port,
    front,
    refused: () => refused,
    get: (path: string, body?: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, body === undefined ? {} : { method: "POST", body }),
    [Symbol.dispose]: () => front.end(),
  };
}

test("requests and answers of any size go through whole", async () => {
  using one = fronted();
  expect(await (await one.get("/")).text()).toBe("0");
  expect(await (await one.get("/", BIG)).text()).toBe(String(BIG.length));
  expect((await (await one.get("/big")).text()) === BIG).toBe(true);
});

test("what a slow reader does not take is not lost", async () => {
  using one = fronted();
  using wire = await connect(one.port);
  await wire.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await wire.read(1000);
  wire.pause();
  // While all buffers on its way fill, another one is served.
  expect((await (await one.get("/big")).text()) === BIG).toBe(true);
  expect(wire.bytesReceived).toBeLessThan(BIG.length);
  wire.resume();
  const { ending, text } = await wire.readToEnd();
  const headers = text.indexOf("\r\n\r\n") + 4;
  expect([ending, text.length - headers]).toEqual(["eof", BIG.length]);
});

test("a client that takes nothing at all loses its place", async () => {
  using one = fronted({ limit: 1, sweepMs: 100 });
  using wire = await connect(one.port);
  await wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  await wire.read(1000);
  wire.pause();
  await until("there is room for another", () => one.get("/").then(Boolean, () => false));
  wire.resume();
  expect(await wire.closed).toBe("reset");
});

test("one client too many is reset, and has a place when another has gone", async () => {
  using one = fronted();
  using first = await connect(one.port);
  using second = await connect(one.port);
  using third = await connect(one.port);
  expect(await third.closed).toBe("reset");
  expect(one.refused()).toBe(1);
  first.reset();
  await until("there is room", () => one.get("/").then(Boolean, () => false));
  expect(second.isClosed).toBe(false);
});

test("where nothing stands behind it, a client is reset", async () => {
  using one = fronted({ inner: join(home.path, "nowhere.sock") });
  using wire = await connect(one.port);
  expect(await wire.closed).toBe("reset");
});

test("closed, it takes no new client and keeps those it has", async () => {
  using one = fronted();
  using wire = await connect(one.port);
  await wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await wire.read(10);
  one.front.close();
  await expect(connect(one.port)).rejects.toThrow();
  const before = wire.bytesReceived;
  await wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await wire.read(before + 10);
});
