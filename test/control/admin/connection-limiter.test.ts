// Who has a place at the admin API over TCP, and what a client there gets.
import { expect, test } from "bun:test";
import type { Socket } from "node:net";
import { ConnectionLimiter } from "../../../src/control/admin/connection-limiter.ts";
import { TcpEndpoint, type TcpEndpointOptions } from "../../../src/control/admin/tcp-endpoint.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

const BIG = "x".repeat(32 * 1024 * 1024);

function serving(options: Partial<TcpEndpointOptions> & { readonly token?: string } = {}) {
  const port = freePort();
  let full = 0;
  const endpoint = new TcpEndpoint({ ip: "127.0.0.1", port }, options.token ?? null, {
    fetch: async (request) => {
      if (request.url.endsWith("/hold")) return new Response(new ReadableStream({}));
      const body = await request.text();
      return new Response(request.url.endsWith("/big") ? BIG : String(body.length));
    },
    onFull: () => full++,
    limit: 8,
    ...options,
  });
  return {
    port,
    endpoint,
    full: () => full,
    get: (path: string, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, { ...init, keepalive: false }),
    [Symbol.dispose]: () => endpoint.end(),
  };
}

test("requests and answers go through whole, and a body that is too long is cut off", async () => {
  using one = serving();
  expect(await (await one.get("/")).text()).toBe("0");
  expect((await (await one.get("/big")).text()) === BIG).toBe(true);
  const post = (body: string) => one.get("/", { method: "POST", body });
  expect(await (await post("x".repeat(65536))).text()).toBe("65536");
  expect(await (await post(BIG)).text()).toBe("65537");
});

test("what a slow reader does not take is not lost", async () => {
  using one = serving();
  using wire = await connect(one.port);
  await wire.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await wire.read(1000);
  wire.pause();
  // While all buffers on its way fill, another one is served.
  expect((await (await one.get("/big")).text()) === BIG).toBe(true);
  expect(wire.bytesReceived).toBeLessThan(BIG.length);
  wire.resume();
  const { ending, text } = await wire.readToEnd();
  // Sent in chunks: each has its length in front.
  expect([ending, text.split("x").length - 1]).toEqual(["eof", BIG.length]);
});

test("a client that takes nothing at all loses its place", async () => {
  using one = serving({ sweepMs: 100 });
  using wire = await connect(one.port);
  await wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  await wire.read(1000);
  wire.pause();
  // Its reset is seen although it does not read.
  expect(await wire.closed).toBe("reset");
});

test.each(["", "GET / HTTP/1.1\r\nHost: a\r\nX: "])(
  "however many clients have said %j, another one is served",
  async (said) => {
    using one = serving();
    const crowd = await Promise.all(Array.from({ length: 30 }, () => connect(one.port)));
    for (const wire of crowd) await wire.send(said);
    expect((await one.get("/")).status).toBe(200);
    expect(one.full()).toBeGreaterThan(20);
    await until("those that gave way are reset", () => {
      return crowd.filter(({ isClosed }) => isClosed).length >= 28;
    });
    for (const wire of crowd) wire.reset();
  },
);

test("one that has shown the token keeps its place", async () => {
  using one = serving({ token: "s3cret" });
  using operator = await connect(one.port);
  const request = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n\r\n";
  await operator.send(request);
  await operator.read(10);
  const crowd = await Promise.all(Array.from({ length: 30 }, () => connect(one.port)));
  const before = operator.bytesReceived;
  await operator.send(request);
  await operator.read(before + 10);
  for (const wire of crowd) wire.reset();
});

test("a client that goes gives its place back at its FIN", async () => {
  using one = serving();
  using wire = await connect(one.port);
  wire.finish();
  expect((await wire.readToEnd()).ending).toBe("eof");
  expect(one.full()).toBe(0);
});

test.each([
  "BLAH\r\n\r\n",
  "GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{",
])("%j is answered with 400", async (said) => {
  using one = serving();
  using wire = await connect(one.port);
  await wire.send(said);
  wire.finish();
  const { text } = await wire.readToEnd();
  expect(text).toStartWith("HTTP/1.1 400 ");
  expect(text).toContain("X-Content-Type-Options: nosniff");
  expect((await one.get("/")).status).toBe(200);
});

test("closed, it takes no new client and keeps those it has", async () => {
  using one = serving();
  using wire = await connect(one.port);
  await wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await wire.read(10);
  one.endpoint.pause();
  await expect(connect(one.port)).rejects.toThrow();
  const before = wire.bytesReceived;
  await wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await wire.read(before + 10);
});

/** As far as the limiter looks at one. */
function fakeSocket(remoteAddress: string) {
  const socket = {
    remoteAddress,
    isGone: false,
    bytesWritten: 0,
    writableLength: 0,
    once: () => {},
    destroy: () => {},
    resetAndDestroy: () => {
      socket.isGone = true;
    },
  };
  return socket;
}

test("who gives way: of the largest source, idle before busy, the longest silent first", () => {
  let nowMs = 0;
  const limiter = new ConnectionLimiter({ limit: 16, onFull: () => {}, now: () => nowMs++ });
  const come = (source: string) => {
    const socket = fakeSocket(source);
    return { socket, connection: limiter.admit(socket as unknown as Socket) };
  };
  const alone = come("10.0.0.1");
  const crowds = ["10.0.0.2", "10.0.0.3", "10.0.0.4"].map((source) =>
    Array.from({ length: 4 }, () => come(source)),
  );
  // 12 of 16 places are for those without a token: the 13th made the oldest of the largest source go.
  expect(alone.socket.isGone).toBe(false);
  expect(crowds.flat().map(({ socket }) => socket.isGone)).toEqual([
    ...[true, false, false, false],
    ...Array(8).fill(false),
  ]);
  // A source that has its share gives way to itself, its busy one last.
  crowds[1]![0]!.connection!.requests = 1;
  come("10.0.0.3");
  expect(crowds[1]!.map(({ socket }) => socket.isGone)).toEqual([false, true, false, false]);
  limiter.end();
});
