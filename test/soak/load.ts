// Short connections, many at once, one after the other; every one that went wrong is kept with its
// time, so that it can be told whether it was under way when something was done to it.
import { connect } from "../support/wire.ts";

/** Times by performance.now(). */
export type Failure = {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly what: string;
};

const ANSWER_BYTES = 1024;

export type LoadOptions = {
  readonly port: number | string | (() => number | string);
  readonly total: number;
  readonly atOnce: number;
};

export class Load {
  readonly failures: Failure[] = [];
  done = 0;
  readonly finished: Promise<void>;
  private readonly total: number;
  private readonly place: () => number | string;
  private begun = 0;
  private isStopped = false;

  /** Begins at once. `total` may be Infinity: then until `stop`. `port` may be a unix socket's path, or
   *  give one after the other. */
  constructor({ port, total, atOnce }: LoadOptions) {
    this.place = typeof port === "function" ? port : () => port;
    this.total = total;
    const clients = Array.from({ length: atOnce }, () => this.client());
    this.finished = Promise.all(clients).then(() => {});
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.finished;
  }

  private async client(): Promise<void> {
    while (!this.isStopped && this.begun < this.total) {
      this.begun++;
      const startedAtMs = performance.now();
      const what = await oneConnection(this.place());
      this.done++;
      if (what !== null) {
        this.failures.push({ startedAtMs, endedAtMs: performance.now(), what });
      }
    }
  }
}

/** What went wrong, or null. */
async function oneConnection(place: number | string): Promise<string | null> {
  try {
    using client = await connect(place);
    void client.send("?");
    const { ending, text } = await client.readToEnd();
    if (ending === "eof" && text.length === ANSWER_BYTES) {
      client.finish();
      await client.closed;
      return null;
    }
    return `${ending} after ${text.length} of ${ANSWER_BYTES} bytes`;
  } catch (error) {
    return `connect: ${(error as { code?: string }).code ?? error}`;
  }
}

/** "12 × reset after 0 of 1024 bytes, 1 × …" */
export function summary(failures: readonly Failure[]): string {
  const counts = new Map<string, number>();
  for (const { what } of failures) counts.set(what, (counts.get(what) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(", ") || "none";
}
