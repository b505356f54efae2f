// The memory of a process that was replaced: it may live for days, beside others of its kind, for a session
// or two. So it gives back what it needs no more, again and again while its sessions end.
import { trimMemory } from "../../os/memory.ts";
import type { DataPlane } from "../workers/data-plane.ts";

const AGAIN_MS = 60_000;

/** Begins at once, and goes on as long as the process lives. */
export function trimAsSessionsEnd(dataPlane: Pick<DataPlane, "sessions" | "trim">): void {
  let sessions = Number.POSITIVE_INFINITY;
  const look = () => {
    if (dataPlane.sessions >= sessions) return;
    sessions = dataPlane.sessions;
    void dataPlane.trim().then(trimMemory);
  };
  look();
  setInterval(look, AGAIN_MS).unref();
}
