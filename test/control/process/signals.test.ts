// Which signal does what; each in this process, sent by itself.
import { expect, test } from "bun:test";
import { onSignals } from "../../../src/control/process/signals.ts";
import { until } from "../../support/until.ts";

test.each([
  ["SIGHUP", "reload"],
  ["SIGTERM", "stop"],
  ["SIGINT", "stop"],
  ["SIGUSR1", "reopenLogs"],
  ["SIGUSR2", "upgrade"],
] as const)("%s is %s", async (signal, action) => {
  const seen: string[] = [];
  using _signals = onSignals({
    reload: () => seen.push("reload"),
    stop: () => seen.push("stop"),
    reopenLogs: () => seen.push("reopenLogs"),
    upgrade: () => seen.push("upgrade"),
  });
  process.kill(process.pid, signal);
  await until("it came", () => seen.length > 0);
  expect(seen).toEqual([action]);
});

test("nothing is left behind", () => {
  const before = process.listenerCount("SIGHUP");
  onSignals({ reload() {}, stop() {}, reopenLogs() {}, upgrade() {} })[Symbol.dispose]();
  expect(process.listenerCount("SIGHUP")).toBe(before);
});
