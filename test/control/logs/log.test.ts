// The log: its two forms, and that nothing which happens to it happens to bal.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { LogSink } from "../../../src/control/logs/log.ts";
import { temporaryHome } from "../../support/bal.ts";

// A flush waits for seconds where nobody reads.
setDefaultTimeout(30_000);

function fileLog(format: "json" | "pretty" = "json") {
  const folder = temporaryHome();
  const file = join(folder.path, "bal.log");
  const log = new LogSink({ level: "info", format, target: file });
  const lines = async () => {
    await log.flush();
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  };
  return { log, file, folder: folder.path, lines, [Symbol.dispose]: folder[Symbol.dispose] };
}

test("a line is one JSON object: time, level, event, message, then its fields", async () => {
  using sink = fileLog();
  sink.log.warn("backend-down", "web/a is down", { backend: "a", check_ms: 3, reason: null });
  const [line = ""] = await sink.lines();
  expect(Object.keys(JSON.parse(line)).slice(0, 4)).toEqual(["time", "level", "event", "message"]);
  expect(JSON.parse(line)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: "warn",
    event: "backend-down",
    message: "web/a is down",
    backend: "a",
    check_ms: 3,
    reason: null,
  });
  expect(statSync(sink.file).mode & 0o777).toBe(0o600);
});

test("what is below the level is not written, and a reload changes the level", async () => {
  using sink = fileLog();
  sink.log.debug("a", "no");
  sink.log.info("b", "yes");
  sink.log.move({ level: "error", format: "json", target: sink.file }).commit();
  sink.log.warn("c", "no");
  sink.log.error("d", "yes");
  expect((await sink.lines()).map((line) => JSON.parse(line).event)).toEqual(["b", "d"]);
});

test("a hundred lines that are alike are a hundred lines", async () => {
  using sink = fileLog();
  for (let i = 0; i < 100; i++) sink.log.info("same", "the same");
  expect(await sink.lines()).toHaveLength(100);
});

test("a line stays one line, in either form, whatever is in it", async () => {
  using sink = fileLog();
  sink.log.info("a", "one\ntwo\u001b[31m", { name: "x\ny" });
  sink.log.move({ level: "info", format: "pretty", target: sink.file }).commit();
  sink.log.info("b", "one\r\n  two\u001b[31m red", { hint: "do\nthis" });
  const [json = "", pretty] = await sink.lines();
  expect(JSON.parse(json)).toMatchObject({ message: "one\ntwo\u001b[31m", name: "x\ny" });
  expect(pretty).toMatch(/^\d\d:\d\d:\d\d INFO {2}one \| two\\x1b\[31m red \(do \| this\)$/);
});

test("a field that JSON has no form for costs its value, not the line or the process", async () => {
  using sink = fileLog();
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  sink.log.info("a", "big", { bytes: 12n });
  sink.log.info("b", "round", { loop, active: 1 });
  const [big, round] = (await sink.lines()).map((line) => JSON.parse(line));
  expect(big).toMatchObject({ event: "a", bytes: "12" });
  expect(round).toMatchObject({ event: "b", message: "round", active: "1" });
});

test("reopen writes to a new file after the old one was moved away", async () => {
  using sink = fileLog();
  sink.log.info("before", "before");
  await sink.lines();
  renameSync(sink.file, `${sink.file}.1`);
  sink.log.info("between", "between");
  await sink.log.flush();
  expect(existsSync(sink.file)).toBe(false);
  sink.log.reopen();
  sink.log.info("after", "after");
  expect((await sink.lines()).map((line) => JSON.parse(line).event)).toEqual(["after"]);
  expect(readFileSync(`${sink.file}.1`, "utf8").trim().split("\n")).toHaveLength(2);
});

test("a full disk drops lines and counts them", async () => {
  const log = new LogSink({ level: "info", format: "json", target: "/dev/full" });
  for (let i = 0; i < 50; i++) log.info("a", "nowhere");
  await log.flush();
  expect(log.dropped).toBe(50);
});

test("a reader that stalls costs lines, not memory: the queue is bounded", async () => {
  using folder = temporaryHome();
  const pipe = join(folder.path, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  // Holds the pipe open and reads nothing.
  const reader = Bun.spawn(["bash", "-c", 'exec 3<>"$0"; echo ready; read -r', pipe], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  await reader.stdout.getReader().read();
  const log = new LogSink({ level: "info", format: "json", target: pipe });
  const text = "x".repeat(1000);
  for (let i = 0; i < 5000; i++) log.info("a", text);
  expect(log.dropped).toBeGreaterThan(3000);
  await log.flush();
  reader.kill();
  await reader.exited;
});

test("a log that can't be opened is told in words", () => {
  expect(
    () => new LogSink({ level: "info", format: "json", target: "/proc/nope/bal.log" }),
  ).toThrow(expect.objectContaining({ code: "log-not-writable" }));
});
