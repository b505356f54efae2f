// Which signal does what; each in this process, sent by itself.
import { expect, test } from "bun:test";
import { onSignals } from "../../src/control/signals.ts";
import { until } from "../support/until.ts";

test.each([
  ["SIGHUP", "reload"],
  ["SIGTERM", "stop"],
  ["SIGINT", "stop"],
  ["SIGUSR1", "reopenLogs"],
] as const)("%s is %s", async (signal, action) => {
  const seen: string[] = [];
  using _signals = onSignals({
    reload: () => seen.push("reload"),
    stop: () => seen.push("stop"),
    reopenLogs: () => seen.push("reopenLogs"),
  });
  process.kill(process.pid, signal);
  await until("it came", () => seen.length > 0);
  expect(seen).toEqual([action]);
});

test("SIGUSR2 does nothing yet, and ends nothing", async () => {
  const nothing = () => {};
  using _signals = onSignals({ reload: nothing, stop: nothing, reopenLogs: nothing });
  let isSeen = false;
  process.once("SIGUSR2", () => {
    isSeen = true;
  });
  process.kill(process.pid, "SIGUSR2");
  await until("it came", () => isSeen);
});

test("nothing is left behind", () => {
  const before = process.listenerCount("SIGHUP");
  onSignals({ reload() {}, stop() {}, reopenLogs() {} })[Symbol.dispose]();
  expect(process.listenerCount("SIGHUP")).toBe(before);
});
