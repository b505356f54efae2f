// The batches of access log records that are sent to the control plane, and when.
import { expect, test } from "bun:test";
import type { AccessMode } from "../../../src/config/config.ts";
import { AccessBatch, replanned } from "../../../src/data/access-log/access-batch.ts";
import { ENDS, type End } from "../../../src/shared/end-reason.ts";
import type { Trace } from "../../../src/shared/session-facts.ts";
import type { AccessLines } from "../../../src/shared/worker-messages.ts";

function plan(mode: AccessMode) {
  return { mode, file: "a.log", format: "text", fields: ["reason"] } as const;
}

function batchOf(mode: AccessMode) {
  const sent: AccessLines[] = [];
  const batch = new AccessBatch(plan(mode), (lines) => sent.push(lines));
  return { batch, sent };
}

const trace: Trace = {
  listener: "edge",
  client: "10.0.0.9:1",
  pool: "web",
  backend: "a",
  attempts: 1,
  queueMs: 0,
  dialMs: 1,
  connectedAfterMs: 1,
  firstByteMs: 1,
};

function sessionWith(over: Partial<Trace>): any {
  return {
    trace: { ...trace, ...over },
    client: {},
    announced: null,
    startedAtMs: 0,
    snapshot: () => ({ bytesUp: 1, bytesDown: 2, sni: null }),
  };
}

function linesFor(mode: AccessMode, ends: readonly End[], over: Partial<Trace> = {}) {
  const { batch, sent } = batchOf(mode);
  for (const end of ends) batch.ended(sessionWith(over), end, 5);
  batch.flush();
  return sent.flatMap(({ text }) => text.split("\n"));
}

test("`all` is every end", () => {
  expect(linesFor("all", ENDS)).toHaveLength(ENDS.length);
});

test("`errors` is every end but those that a healthy service has", () => {
  const ordinary: readonly End[] = ["finished", "clientReset", "clientResetHalfClosed"];
  expect(linesFor("errors", ordinary)).toEqual([]);
  const others = ENDS.filter((end) => !ordinary.includes(end));
  expect(linesFor("errors", others)).toHaveLength(others.length);
});

test("`errors` tells also of a session that went well on its second backend", () => {
  expect(linesFor("errors", ["finished"], { attempts: 2 })).toEqual(["finished"]);
});

test("a batch is one message with its lines, sent soon after its first one", async () => {
  const { promise, resolve } = Promise.withResolvers<AccessLines>();
  const batch = new AccessBatch(plan("all"), resolve);
  batch.ended(sessionWith({}), "finished", 5);
  batch.refused({ name: "edge", poolName: "web" } as never, {}, "denied");
  expect(batch.isEmpty).toBe(false);
  expect(await promise).toEqual({
    kind: "access",
    file: "a.log",
    lines: 2,
    text: "finished\ndenied",
  });
  expect(batch.isEmpty).toBe(true);
});

test("a batch that is large is sent at once", () => {
  const { batch, sent } = batchOf("all");
  for (let i = 0; i < 10_000; i++) batch.ended(sessionWith({}), "finished", 5);
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.every(({ text }) => text.length < 70_000)).toBe(true);
  batch.flush();
  expect(sent.reduce((sum, { lines }) => sum + lines, 0)).toBe(10_000);
});

test("another plan sends first what the one before has made, under its own file", () => {
  const { batch, sent } = batchOf("all");
  batch.ended(sessionWith({}), "finished", 5);
  const next = replanned(batch, { ...plan("all"), file: null }, (lines) => sent.push(lines));
  expect(sent.map(({ file, lines }) => [file, lines])).toEqual([["a.log", 1]]);
  next?.ended(sessionWith({}), "finished", 5);
  expect(replanned(next, null, () => {})).toBeNull();
  expect(sent.map(({ file }) => file)).toEqual(["a.log", null]);
});
