// `GET /v1/events`: events as a stream of server-sent events (WHATWG HTML, 9.2), to many readers at once.
// One that reads too slowly is cut off; its client connects again.

import type { BalEvent } from "../../api/admin-api.ts";
import { printableJson } from "../../base/printable.ts";
import type { EventBus } from "../events/event-bus.ts";
import { failure } from "./router.ts";

/** Waiting for one reader, beyond what the kernel takes: enough for every backend to change at once. */
const MAX_QUEUED_BYTES = 1024 * 1024;
const MAX_READERS = 256;
/** Proxies and clients take a stream that says nothing for dead. */
const COMMENT_MS = 5000;

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  // nginx would keep events back to fill its buffer.
  "X-Accel-Buffering": "no",
};

type Controller = ReadableStreamDefaultController<Uint8Array>;

export class EventStreams {
  private readonly readers = new Set<Controller>();
  private readonly events: EventBus;
  private unsubscribe: (() => void) | null = null;
  private timer: Timer | null = null;

  constructor(events: EventBus) {
    this.events = events;
  }

  get size(): number {
    return this.readers.size;
  }

  /** A new reader, who gets the `last` of what happened before first. */
  open(last: number): Response {
    if (this.readers.size >= MAX_READERS) {
      const message = `${MAX_READERS} clients are reading events already`;
      return failure(503, { code: "too-many-readers", message });
    }
    let reader: Controller | null = null;
    const queue = new ByteLengthQueuingStrategy({ highWaterMark: MAX_QUEUED_BYTES });
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = controller;
          // So that the headers are on their way at once.
          const past = this.events.last(last).map(textOf).join("");
          controller.enqueue(bytesOf(`: events of bal\n\n${past}`));
          this.add(controller);
        },
        cancel: () => {
          if (reader !== null) this.remove(reader);
        },
      },
      queue,
    );
    return new Response(stream, { headers: HEADERS });
  }

  /** Ends them all. */
  close(): void {
    for (const reader of [...this.readers]) {
      this.remove(reader);
      reader.close();
    }
  }

  private add(reader: Controller): void {
    this.readers.add(reader);
    this.unsubscribe ??= this.events.subscribe((event) => this.send(textOf(event)));
    this.timer ??= setInterval(() => this.send(":\n\n"), COMMENT_MS);
  }

  private remove(reader: Controller): void {
    this.readers.delete(reader);
    if (this.readers.size > 0) return;
    this.unsubscribe?.();
    this.unsubscribe = null;
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  // The bytes are the same for all: what waits for many takes the room of one.
  private send(text: string): void {
    const bytes = bytesOf(text);
    for (const reader of [...this.readers]) {
      if ((reader.desiredSize ?? 0) >= bytes.length) {
        reader.enqueue(bytes);
        continue;
      }
      this.remove(reader);
      reader.error(new Error("it reads too slowly"));
    }
  }
}

/** JSON has no line break outside of strings, and escapes those within. */
function textOf(event: BalEvent): string {
  return `event: ${event.kind}\ndata: ${printableJson(JSON.stringify(event))}\n\n`;
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}
