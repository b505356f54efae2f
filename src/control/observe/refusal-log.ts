// Clients that were not served, from the board's counters: one line a second at most in the log, and a
// problem of the listener for a minute. Nothing is said per connection.
import type { Board } from "../../shared/board.ts";
import { END_INDEX, ENDS, type End, endReason, isRefusal } from "../../shared/end-reason.ts";
import type { BadPreread } from "../../shared/worker-messages.ts";
import type { Log } from "../logs/log.ts";
import type { Found } from "./problems/problem-list.ts";
import { RecentRise } from "./problems/recent-rise.ts";

const REPORTED: readonly End[] = [
  ...ENDS.filter(isRefusal),
  "dialFailed",
  "dialTimeout",
  "queueTimeout",
  "maxBuffered",
  "fault",
];

const LATELY_MS = 60_000;
/** The ends that a rule of the config brings: somebody may have meant it. */
const BY_RULE: ReadonlySet<End> = new Set([
  ...(["denied", "limitClient", "rateClient", "rateListener", "badProxyHeader"] as const),
  ...(["untrustedProxyHeader", "badClientHello", "noRoute"] as const),
]);

type Rows = readonly { readonly slot: number; readonly name: string }[];

export class RefusalLog {
  private readonly board: Board;
  private readonly log: Log;
  private readonly seen = new Map<string, number>();
  private readonly rises = new Map<string, RecentRise>();

  constructor(board: Board, log: Log) {
    this.board = board;
    this.log = log;
  }

  /** Logs what was wrong with one of them. */
  preread({ end, client, detail }: BadPreread, listener: string): void {
    const { code, reason } = endReason(end);
    const message = `${describe(end)} on ${listener} from ${client || "a client without an address"}: ${detail}`;
    const fields = { listener, end: code, reason, client: client || null, detail };
    this.log.warn("client-refused", message, fields);
  }

  /** Those of the last minute, by listener and reason. `nowMs`: monotonic. */
  found(listeners: Rows, nowMs: number): readonly Found[] {
    return listeners.flatMap(({ slot, name }) =>
      REPORTED.flatMap((end) => {
        const total = this.board.ended(slot, END_INDEX[end]);
        const key = `${name}/${end}`;
        const rise = this.rises.get(key) ?? new RecentRise(LATELY_MS);
        if (total === 0) this.rises.delete(key);
        else this.rises.set(key, rise);
        const count = rise.take(total, nowMs);
        return count === 0 ? [] : refusalProblem(name, end, count);
      }),
    );
  }

  /** Call it once a second. */
  tick(listeners: Rows): void {
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

function refusalProblem(listener: string, end: End, count: number): Found {
  const { reason } = endReason(end);
  const clients = count === 1 ? "1 client was" : `${count} clients were`;
  return {
    severity: BY_RULE.has(end) ? "warning" : "error",
    code: `refused-${reason.replaceAll("_", "-")}`,
    subject: `listener ${listener}`,
    message: `${clients} not served on ${listener} in the last minute: ${describe(end)}`,
    hint: HINTS[end] ?? "bal's log and the access log have their addresses",
  };
}

const HINTS: Readonly<Partial<Record<End, string>>> = {
  limitGlobal: "raise limits.max_connections, or the open-file limit where that is auto",
  limitListener: "raise the listener's limits.max_connections",
  limitClient: "raise the listener's limits.per_client, unless it refuses the right clients",
  rateListener: "raise the listener's limits.rate, unless it refuses the right clients",
  rateClient: "raise the listener's limits.rate_per_client, unless it refuses the right clients",
  denied:
    "nothing to do if `allow` and `deny` refuse the right clients; `log.access: errors` logs each of them",
  noRoute: "the log has the server name; add a route, or {default: true}",
  queueFull: "raise the queue's size or max_connections, or add a backend",
  queueTimeout: "raise max_connections, or add a backend",
  maxBuffered: "`bal sessions` shows the slow readers; raise limits.max_buffered",
};

function describe(end: End): string {
  switch (end) {
    case "queueTimeout":
      return "no backend had a free place in time";
    case "limitGlobal":
      return "limits.max_connections is reached";
    case "noBackend":
      return "no backend is available";
    case "dialFailed":
      return "no backend could be reached";
    case "dialTimeout":
      return "no backend accepted the connection in time";
    case "maxBuffered":
      return "slow readers filled limits.max_buffered";
    case "fault":
      return "an internal fault; please report it";
    default:
      return endReason(end).reason.replaceAll("_", " ");
  }
}
