// EventBus to many readers, over real sockets.
import { expect, test } from "bun:test";
import { EventStreams } from "../../../src/control/admin/event-streams.ts";
import { EventBus } from "../../../src/control/events/event-bus.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

function served() {
  const events = new EventBus();
  const streams = new EventStreams(events);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    development: false,
    fetch: (request) => streams.open(Number(new URL(request.url).searchParams.get("last"))),
  });
  const port = server.port!;
  return {
    events,
    streams,
    async reader(last = 0) {
      const before = streams.size;
      const wire = await connect(port);
      void wire.send(`GET /?last=${last} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await until("it is let in", () => streams.size > before);
      await until("its headers have come", () => wire.text().includes(": events"));
      return wire;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test("every reader gets every event, as server-sent events", async () => {
  await using bal = served();
  const readers = await Promise.all([bal.reader(), bal.reader(), bal.reader()]);
  bal.events.emit("state", { pool: "web", backend: "a\nb", from: "up", to: "down", reason: "no" });
  for (const reader of readers) {
    await until("it has it", () => reader.text().includes("data:"));
    const [, data] = /event: state\r?\ndata: (.*)\n\n/.exec(reader.text())!;
    expect(JSON.parse(data!)).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      kind: "state",
      pool: "web",
      backend: "a\nb",
      from: "up",
      to: "down",
      reason: "no",
    });
    expect(reader.text()).toContain("Content-Type: text/event-stream");
  }
});

test("a reader that goes is forgotten, and nothing is done without one", async () => {
  await using bal = served();
  const [one, two] = [await bal.reader(), await bal.reader()];
  one.reset();
  await until("one is left", () => bal.streams.size === 1);
  two.finish();
  two.reset();
  await until("none is left", () => bal.streams.size === 0);
  bal.events.emit("shutdown", {});
});

test("a reader that reads nothing is cut off, and the others are not", async () => {
  await using bal = served();
  const [slow, quick] = [await bal.reader(), await bal.reader()];
  slow.pause();
  const reason = "x".repeat(10_000);
  let sent = 0;
  const deadline = performance.now() + 20_000;
  while (bal.streams.size === 2 && performance.now() < deadline) {
    for (let i = 0; i < 20; i++, sent++) bal.events.emit("reload", { reason });
    await Bun.sleep(1);
  }
  expect(bal.streams.size).toBe(1);
  await until("the quick one has all", () => quick.bytesReceived > sent * reason.length);
  slow.resume();
  expect(await slow.closed).toBe("reset");
});

test("as many events as there can be backends reach a reader that reads", async () => {
  await using bal = served();
  const reader = await bal.reader();
  for (let i = 0; i < 4096; i++)
    bal.events.emit("state", { backend: `10.0.0.1:${i}`, reason: "r" });
  await until("all have come", () => reader.text().split("event: state").length === 4097);
});

test("the 257th reader is told that there are too many", async () => {
  await using bal = served();
  const responses = Array.from({ length: 256 }, () => bal.streams.open(0));
  const refused = bal.streams.open(0);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "too-many-readers" } });
  await Promise.all(responses.map((response) => response.body?.cancel()));
  expect(bal.streams.size).toBe(0);
});

test("a stream says something every few seconds, and ends when it is told to", async () => {
  await using bal = served();
  const reader = await bal.reader();
  await until("a comment comes", () => /\n:\n/.test(reader.text()), 8000);
  bal.streams.close();
  await until("its last chunk has come", () => reader.text().endsWith("0\r\n\r\n"));
}, 15_000);

test("who comes later gets the last of what happened, and then what happens", async () => {
  await using bal = served();
  for (let n = 0; n < 5; n++) bal.events.emit("weight", { pool: "web", backend: "a", to: n });
  const reader = await bal.reader(2);
  bal.events.emit("weight", { pool: "web", backend: "a", to: 5 });
  await until("all have come", () => reader.text().includes('"to":5'));
  const seen = [...reader.text().matchAll(/"to":(\d)/g)].map(([, to]) => to);
  expect(seen).toEqual(["3", "4", "5"]);
});

test("a thousand events are kept, the newest", () => {
  const events = new EventBus();
  for (let n = 0; n < 5000; n++) events.emit("weight", { to: n });
  const past = events.last(100_000).map(({ to }) => to);
  expect([past.length, past[0], past.at(-1)]).toEqual([1000, 4000, 4999]);
  expect(events.last(0)).toEqual([]);
  expect(events.last(3).map(({ to }) => to)).toEqual([4997, 4998, 4999]);
});
