// What clients notice of a leader that goes: some keep a connection, others open one for each write.
import type { Cluster, Writer } from "./cluster.ts";

export type Noticed = {
  /** The longest time in which no client had a write acknowledged. */
  readonly gapMs: number;
  /** Writes that a replica has refused. */
  readonly onReplica: number;
  /** Attempts of those that open a connection for each write that came to nothing. */
  readonly failedNew: number;
  /** Kept connections that are not with the leader at the end. */
  readonly leftBehind: number;
  readonly acknowledged: number;
  /** Acknowledged writes that the leader does not have at the end. */
  readonly lost: number;
};

let lastId = 0;

const KEPT = 6;
const NEW = 2;
const PAUSE_MS = 20;

/** Writes through a port while `event` runs. */
export async function measure(
  cluster: Cluster,
  port: number,
  event: () => Promise<void>,
): Promise<Noticed> {
  const counts = { onReplica: 0, failedNew: 0, acknowledged: 0, gapMs: 0 };
  let lastAtMs = performance.now();
  let isOver = false;
  const ids: number[] = [];
  const acknowledge = (id: number) => {
    ids.push(id);
    const nowMs = performance.now();
    counts.gapMs = Math.max(counts.gapMs, nowMs - lastAtMs);
    lastAtMs = nowMs;
    counts.acknowledged++;
  };
  const write = async (writer: Writer) => {
    const id = ++lastId;
    const written = await writer.write(id);
    if (written === "acknowledged") acknowledge(id);
    if (written === "refused-by-replica") counts.onReplica++;
    return written;
  };
  const kept: (Writer | null)[] = Array.from({ length: KEPT }, () => null);
  const keep = async (nth: number) => {
    while (!isOver) {
      const present = kept[nth];
      if (present?.isOpen) await write(present);
      else kept[nth] = await cluster.connect(port).catch(() => null);
      await Bun.sleep(PAUSE_MS);
    }
  };
  const open = async () => {
    while (!isOver) {
      const writer = await cluster.connect(port).catch(() => null);
      const written = writer === null ? "failed" : await write(writer);
      if (written !== "acknowledged") counts.failedNew++;
      writer?.close();
      await Bun.sleep(PAUSE_MS);
    }
  };
  const clients = [...kept.keys()].map(keep).concat(Array.from({ length: NEW }, open));
  await Bun.sleep(2000);
  await event();
  isOver = true;
  await Promise.all(clients);
  let leftBehind = 0;
  for (const writer of kept) {
    if (writer?.isOpen && !(await writer.isOnLeader())) leftBehind++;
    writer?.close();
  }
  const leader = await cluster.leader();
  const lost = leader === null ? ids.length : await cluster.missing(leader, ids);
  return { ...counts, gapMs: Math.round(counts.gapMs), leftBehind, lost };
}
