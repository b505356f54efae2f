// Sessions by a seeded script: both sides send, stall, and finish or reset, and each side judges what
// it saw of the other.
import { expect } from "bun:test";
import { randomBytes } from "./bytes.ts";
import { Peer } from "./peer.ts";
import { connect, type Ending, type Wire } from "./wire.ts";

const ID_BYTES = 4;

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

export type Chance = { readonly seed: number; readonly maxBytes: number };

type Script = { readonly seed: number; readonly bytes: Uint8Array; readonly resets: boolean };

function scriptOf({ seed: base, maxBytes }: Chance, id: number, side: number): Script {
  const dice = random(base + id * 2 + side);
  for (let i = 0; i < 5; i++) dice();
  // As many short streams as long ones.
  const length = ID_BYTES + Math.floor(maxBytes ** dice());
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

/** The bytes that the backends saw, by session. */
export type SeenByBackend = Map<number, Promise<Seen>>;

/** A backend that reads which session's script is its to play. */
export function scriptedPeer(chance: Chance, seen: SeenByBackend): Peer {
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
    await play(wire, scriptOf(chance, id, 1));
  });
}

/** Compares the stream that one side saw with the one that the other has sent. */
function judge(seen: Seen, own: Script, other: Script): void {
  const { bytes, ending } = seen;
  expect(bytes.equals(other.bytes.subarray(0, bytes.length))).toBe(true);
  if (own.resets) return;
  expect(ending).toBe(other.resets ? "reset" : "eof");
  if (!other.resets) expect(bytes.length).toBe(other.bytes.length);
}

/** Plays one session through bal. Throws what was wrong, with the seed. */
export async function playSession(
  port: number,
  { id, chance, seen }: { id: number; chance: Chance; seen: SeenByBackend },
): Promise<void> {
  const [up, down] = [scriptOf(chance, id, 0), scriptOf(chance, id, 1)];
  using wire = await connect(port);
  const got: Uint8Array[] = [];
  wire.sink = (chunk) => got.push(chunk);
  void play(wire, up);
  try {
    judge(await watch(wire, got), up, down);
    const atBackend = await seen.get(id);
    if (atBackend !== undefined) judge(atBackend, down, up);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`seed ${chance.seed}, session ${id}: ${message}`, { cause: error });
  } finally {
    seen.delete(id);
  }
}
