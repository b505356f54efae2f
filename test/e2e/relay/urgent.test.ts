// Promise 5: urgent bytes (tcp(7)) may be lost; what is behind them never is.
import { dlopen, FFIType, ptr } from "bun:ffi";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { isLinux } from "../../../src/os/libc.ts";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { hashOf, hashSink, randomChunks } from "../../support/bytes.ts";
import { peer } from "../../support/peer.ts";
import { connect, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const MIB = 1024 * 1024;
const MSG_OOB = 1;

function sendUrgent(wire: Wire): void {
  const { i32, u64 } = FFIType;
  const args = [i32, FFIType.ptr, u64, i32] as const;
  const { symbols } = dlopen("libc.so.6", { send: { args, returns: i32 } });
  const { fd } = wire.socket as unknown as { fd: number };
  expect(symbols.send(fd, ptr(new Uint8Array([33])), 1, MSG_OOB)).toBe(1);
}

/** Bytes, an urgent one, bytes, then FIN. A second urgent one would make the first an ordinary byte where
 *  it has not been read yet. */
async function speak(wire: Wire): Promise<void> {
  await wire.pump(randomChunks(1, MIB));
  sendUrgent(wire);
  await wire.pump(randomChunks(2, MIB));
  wire.finish();
}

const ALL = [...randomChunks(1, MIB), ...randomChunks(2, MIB)];

describe.skipIf(!isLinux).each([
  ["copied", {}],
  ["spliced", { BAL_SPLICE_AFTER: "1" }],
])("%s", (_, env) => {
  test.each(["up", "down"])("all other bytes of a stream %s come, and its end", async (way) => {
    const heard = Promise.withResolvers<Wire>();
    const hash = hashSink();
    const listen = (wire: Wire) => {
      let first = way === "up" ? 1 : 0;
      wire.sink = (chunk) => {
        hash.sink(chunk.subarray(first));
        first = 0;
      };
      void wire.ended.then(() => heard.resolve(wire));
    };
    using backend = peer(async (wire) => {
      if (way === "up") return listen(wire);
      await wire.read(1);
      await speak(wire);
    });
    const config = simpleConfig([backend], { health_check: { type: "off" } });
    using bal = await spawnBal({ config, env });
    using client = await connect(bal.port);
    await client.send("?");
    if (way === "up") await speak(client);
    else listen(client);
    expect(await (await heard.promise).ended).toBe("eof");
    expect(hash.digest()).toBe(hashOf(ALL));
  });
});
