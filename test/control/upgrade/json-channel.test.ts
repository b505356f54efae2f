// Messages over a real socket pair, whatever the pieces they come in.
import { describe, expect, test } from "bun:test";
import { writeSync } from "node:fs";
import { JsonChannel } from "../../../src/control/upgrade/json-channel.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { closeDescriptor, openPair } from "../../../src/os/socket.ts";

function pair(): readonly [number, number] {
  const ends = openPair();
  if (typeof ends === "number") throw new Error(`no pair: ${ends}`);
  return ends;
}

describe.skipIf(!isLinux)("on Linux", () => {
  test("messages go both ways, in order, and the end is told once", async () => {
    const [left, right] = await Promise.all(pair().map((fd) => JsonChannel.open(fd)));
    const big = { kind: "bequest", text: "ü".repeat(1_000_000) };
    left!.send(big);
    left!.send({ n: 2 });
    right!.send({ n: 3 });
    expect(await left!.receive()).toEqual({ n: 3 });
    expect(await right!.receive()).toEqual(big);
    expect(await right!.receive()).toEqual({ n: 2 });
    const next = right!.receive();
    left!.close();
    expect(await next).toBeNull();
    expect([await right!.closed, right!.isClosed, right!.fd]).toEqual([null, true, -1]);
    expect(await right!.receive()).toBeNull();
    right!.send({ n: 4 });
    right!.close();
  });

  test("a message may come byte by byte", async () => {
    const [own, other] = pair();
    const channel = await JsonChannel.open(own);
    const message = channel.receive();
    for (const byte of Buffer.from('{"text":"ü"}\n')) writeSync(other, Buffer.of(byte));
    expect(await message).toEqual({ text: "ü" });
    closeDescriptor(other);
    await channel.closed;
  });

  test.each(["nonsense\n", '{"a":\n'])("%j ends it", async (text) => {
    const [own, other] = pair();
    const channel = await JsonChannel.open(own);
    const message = channel.receive();
    writeSync(other, text);
    expect(await message).toBeNull();
    expect(channel.isClosed).toBe(true);
    closeDescriptor(other);
  });
});
