// The hand-over of a session to a splicer, at every moment that chance can find: both sides send,
// stall, finish and reset by a seeded script while it happens. A failure prints its seed.
import { setDefaultTimeout, test } from "bun:test";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { playSession, type SeenByBackend, scriptedPeer } from "../../support/scripted-session.ts";

setDefaultTimeout(120_000);

const SESSIONS = 500;
const AT_ONCE = 25;
const chance = { seed: Number(process.env.SEED) || 20261123, maxBytes: 3_000_000 };

test.each([1, 5_000, 200_000])(
  "no byte and no ending changes in a hand-over at %d bytes",
  async (after) => {
    const seen: SeenByBackend = new Map();
    using backend = scriptedPeer(chance, seen);
    using bal = await spawnBal({
      config: simpleConfig([backend], { workers: 2 }),
      env: { BAL_SPLICE_AFTER: String(after) },
    });
    let next = 0;
    const lane = async () => {
      while (next < SESSIONS) await playSession(bal.port, { id: next++, chance, seen });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    await bal.untilIdle();
  },
);
