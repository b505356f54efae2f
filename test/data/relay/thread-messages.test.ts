// The end of a thread that nobody has asked for.
import { expect, test } from "bun:test";
import { connect } from "../../support/wire.ts";

test("a thread that ends by itself resets its sessions, and sends what it has of the log", async () => {
  const thread = new Worker(new URL("./exiting-thread.ts", import.meta.url).href);
  const said: unknown[] = [];
  const { promise: booted, resolve } = Promise.withResolvers<number>();
  const closed = Promise.withResolvers<void>();
  thread.addEventListener("message", ({ data }) => {
    if (typeof data === "number") resolve(data);
    else said.push(data);
  });
  thread.addEventListener("close", () => closed.resolve());
  using client = await connect(await booted);
  expect(await client.read(5)).toBe("hello");
  thread.postMessage("end");
  expect(await client.closed).toBe("reset");
  await closed.promise;
  expect(said).toEqual(["fault", "flushed"]);
});
