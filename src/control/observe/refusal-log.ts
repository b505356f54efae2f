// One line a second at most for clients that were not served, from the board's counters: nothing
// is said per connection.
import type { Board } from "../../shared/board.ts";
import { END_INDEX, ENDS, type End, endReason, isRefusal } from "../../shared/end-reason.ts";
import type { BadPreread } from "../../shared/worker-messages.ts";
import type { Log } from "../logs/log.ts";

const REPORTED: readonly End[] = [
  ...ENDS.filter(isRefusal),
  "dialFailed",
  "dialTimeout",
  "maxBuffered",
  "fault",
];

export class RefusalLog {
  private readonly board: Board;
  private readonly log: Log;
  private readonly seen = new Map<string, number>();

  constructor(board: Board, log: Log) {
    this.board = board;
    this.log = log;
  }

  /** What was wrong with one of them. */
  preread({ end, client, detail }: BadPreread, listener: string): void {
    const { code, reason } = endReason(end);
    const message = `${describe(end)} on ${listener} from ${client || "its socket"}: ${detail}`;
    const fields = { listener, end: code, reason, client: client || null, detail };
    this.log.warn("client-refused", message, fields);
  }

  /** Call it once a second. */
  tick(listeners: readonly { readonly slot: number; readonly name: string }[]): void {
    for (const { slot, name } of listeners) {
      for (const end of REPORTED) {
        const total = this.board.ended(slot, END_INDEX[end]);
        const key = `${name}/${end}`;
        const seen = this.seen.get(key) ?? 0;
        // Fewer than before: the listener was removed, and is back on a fresh row.
        const count = total < seen ? total : total - seen;
        if (total !== seen) this.seen.set(key, total);
        if (count === 0) continue;
        const { code, reason } = endReason(end);
        const fields = { listener: name, end: code, reason, count, total };
        this.log.warn(
          "clients-refused",
          `${count} not served on ${name}: ${describe(end)}`,
          fields,
        );
      }
    }
  }
}

function describe(end: End): string {
  switch (end) {
    case "limitGlobal":
      return "the ceiling of connections is reached (limits.max_connections)";
    case "noBackend":
      return "no backend may take new connections";
    case "dialFailed":
      return "no backend could be reached";
    case "dialTimeout":
      return "no backend answered in time";
    case "maxBuffered":
      return "slow readers filled limits.max_buffered";
    case "fault":
      return "a fault of bal's own; please report it";
    default:
      return endReason(end).reason.replaceAll("_", " ");
  }
}
