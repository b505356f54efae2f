// A reader of server-sent events, over the unix socket of a bal's home.
import { join } from "node:path";
import type { BalEvent } from "../../src/api/admin-api.ts";
import { until } from "./until.ts";

export class EventReader implements Disposable {
  /** All that has come so far. */
  text = "";
  hasEnded = false;
  private readonly abort = new AbortController();

  /** Resolves when the stream is open: every event from now on comes. */
  static async open(home: string): Promise<EventReader> {
    const reader = new EventReader();
    const response = await fetch("http://bal/v1/events", {
      unix: join(home, "bal.sock"),
      signal: reader.abort.signal,
    });
    if (response.body === null || !response.ok) throw new Error(`events: ${response.status}`);
    void reader.collect(response.body);
    await until("the stream is open", () => reader.text.startsWith(":"));
    return reader;
  }

  get events(): readonly BalEvent[] {
    return [...this.text.matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)].map(([, word, data]) => {
      const event = JSON.parse(data!) as BalEvent;
      if (event.kind !== word) throw new Error(`${word} is ${event.kind}`);
      return event;
    });
  }

  /** The first of that kind, waited for. */
  async next(kind: string): Promise<BalEvent> {
    return await until(`there is an event ${kind}`, () =>
      this.events.find((event) => event.kind === kind),
    );
  }

  [Symbol.dispose](): void {
    this.abort.abort();
  }

  private async collect(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) this.text += decoder.decode(chunk, { stream: true });
    } catch {
      // It was cut off, by either side.
    }
    this.hasEnded = true;
  }
}
