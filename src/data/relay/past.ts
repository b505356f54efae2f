// What a session is and has moved since it was accepted, whichever thread it was on.
import type { SessionPast } from "../../shared/messages.ts";
import type { Session } from "./session.ts";

/** For the thread that goes on with it. */
export function pastOf({ past, thread, number, up, down, hello }: Session): SessionPast {
  return {
    mark: past?.mark ?? thread.mark,
    number,
    bytesUp: (past?.bytesUp ?? 0) + up.bytes,
    bytesDown: (past?.bytesDown ?? 0) + down.bytes,
    sni: hello?.sni ?? past?.sni ?? null,
  };
}

/** Unique as long as bal runs. */
export function idOf({ past, thread, number }: Session): string {
  return `${past?.mark ?? thread.mark}-${number}`;
}
