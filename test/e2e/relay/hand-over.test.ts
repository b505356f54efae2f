// The hand-over of a session to a splicer, at every moment that chance can find: both sides send,
// stall, finish and reset by a seeded script while it happens. A failure prints its seed.
import { expect, setDefaultTimeout, test } from "bun:test";
import { type Bal, simpleConfig, spawnBal } from "../../support/bal.ts";
import { randomBytes } from "../../support/bytes.ts";
import { Peer } from "../../support/peer.ts";
import { connect, type Ending, type Wire } from "../../support/wire.ts";

setDefaultTimeout(120_000);

const SESSIONS = 500;
const AT_ONCE = 25;
const MAX_BYTES = 3_000_000;
const ID_BYTES = 4;
const SEED = Number(process.env.SEED) || 20261123;

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

type Script = { readonly seed: number; readonly bytes: Uint8Array; readonly resets: boolean };

function scriptOf(id: number, side: number): Script {
  const dice = random(SEED + id * 2 + side);
  for (let i = 0; i < 5; i++) dice();
  // As many short streams as long ones.
  const length = ID_BYTES + Math.floor(MAX_BYTES ** dice());
  const seed = 1 + Math.floor(dice() * 1e9);
  const bytes = randomBytes(seed, length);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, id);
  return { seed, bytes, resets: dice() < 0.2 };
}

async function play(wire: Wire, { seed, bytes, resets }: Script): Promise<void> {
  const dice = random(seed);
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + 1 + Math.floor(dice() * 200_000));
    if (!(await wire.send(bytes.subarray(at, next)))) return;
    at = next;
    if (dice() < 0.3) await Bun.sleep(dice() * 4);
    if (dice() < 0.15) stall(wire, dice() * 40);
  }
  if (resets) wire.reset();
  else wire.finish();
}

function stall(wire: Wire, ms: number): void {
  wire.pause();
  setTimeout(() => wire.resume(), ms);
}

type Seen = { readonly bytes: Buffer; readonly ending: Ending };

/** Takes what comes until the stream ends. */
async function watch(wire: Wire, got: Uint8Array[]): Promise<Seen> {
  const ending = await wire.ended;
  return { bytes: Buffer.concat(got), ending };
}

/** Backends that read whose script is theirs to play. */
function scriptedPeer(seen: Map<number, Promise<Seen>>) {
  return new Peer(async (wire) => {
    const got: Uint8Array[] = [];
    const begun = Promise.withResolvers<number>();
    let length = 0;
    wire.sink = (chunk) => {
      got.push(chunk);
      length += chunk.length;
      if (length >= ID_BYTES) begun.resolve(Buffer.concat(got).readUInt32BE(0));
    };
    const id = await Promise.race([begun.promise, wire.ended.then(() => -1)]);
    // A health check, or a client that was reset before a word.
    if (id < 0) return wire.finish();
    seen.set(id, watch(wire, got));
    await play(wire, scriptOf(id, 1));
  });
}

/** What one side saw of the other's stream, against what the other has sent. */
function judge(seen: Seen, own: Script, other: Script): void {
  const { bytes, ending } = seen;
  expect(bytes.equals(other.bytes.subarray(0, bytes.length))).toBe(true);
  if (own.resets) return;
  expect(ending).toBe(other.resets ? "reset" : "eof");
  if (!other.resets) expect(bytes.length).toBe(other.bytes.length);
}

async function session(bal: Bal, id: number, seen: Map<number, Promise<Seen>>): Promise<void> {
  const [up, down] = [scriptOf(id, 0), scriptOf(id, 1)];
  using wire = await connect(bal.port);
  const got: Uint8Array[] = [];
  wire.sink = (chunk) => got.push(chunk);
  void play(wire, up);
  const atClient = await watch(wire, got);
  judge(atClient, up, down);
  const atBackend = await seen.get(id);
  if (atBackend !== undefined) judge(atBackend, down, up);
}

test.each([1, 5_000, 200_000])(
  "no byte and no ending changes in a hand-over at %d bytes",
  async (after) => {
    const seen = new Map<number, Promise<Seen>>();
    using backend = scriptedPeer(seen);
    using bal = await spawnBal({
      config: simpleConfig([backend], { workers: 2 }),
      env: { BAL_SPLICE_AFTER: String(after) },
    });
    let id = 0;
    const lane = async () => {
      while (id < SESSIONS) {
        const mine = id++;
        await session(bal, mine, seen).catch((error) => {
          throw new Error(`SEED=${SEED}, session ${mine}: ${error.message}`, { cause: error });
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    await bal.untilIdle();
  },
);
