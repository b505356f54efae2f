import { describe, expect, test } from "bun:test";
import { isLinux } from "../../src/os/libc.ts";
import { notifyBarrier, sendNotification } from "../../src/os/notify.ts";
import { NotifySocket } from "../support/notify-socket.ts";

describe.skipIf(!isLinux)("on Linux", () => {
  test.each(["path", "abstract"] as const)("a message comes to an address of kind %s", (kind) => {
    using manager = new NotifySocket(kind);
    expect(sendNotification(manager.path, "READY=1\nSTATUS=übermütig")).toBe(0);
    expect(manager.receive()).toEqual([["READY=1", "STATUS=übermütig"]]);
  });

  test.each([
    ["/nowhere/socket", -2],
    [`/${"x".repeat(108)}`, -22],
    [`@${"x".repeat(108)}`, -22],
    ["@bal-test-nobody", -111],
  ])("to %s it is an error", (path, error) => {
    expect(sendNotification(path, "READY=1")).toBe(error);
  });

  test("a name of all the bytes that an address has is one", () => {
    expect(sendNotification(`@${"x".repeat(107)}`, "READY=1")).toBe(-111);
    expect(sendNotification(`/tmp/${"x".repeat(102)}`, "READY=1")).toBe(-2);
  });

  test("a barrier falls when the manager has closed what came along, not before", async () => {
    using manager = new NotifySocket();
    sendNotification(manager.path, "MAINPID=1");
    expect(await notifyBarrier(manager.path, 50)).toBe("late");
    manager.receive();
    const barrier = notifyBarrier(manager.path, 5000);
    await manager.line("BARRIER=1");
    expect(await barrier).toBe("taken");
  });

  test("without a manager there is no waiting", async () => {
    expect(await notifyBarrier("/nowhere/socket", 60_000)).toBe("absent");
  });

  test("a manager that takes nothing holds nothing up", () => {
    using manager = new NotifySocket();
    for (let i = 0; i < 10_000; i++) {
      if (sendNotification(manager.path, "WATCHDOG=1") === -11) return;
    }
    throw new Error("its queue has no end");
  });
});
