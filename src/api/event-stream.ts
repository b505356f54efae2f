// Server-sent events as they come → events of bal (WHATWG HTML, 9.2, as far as bal writes it).
import type { BalEvent } from "./admin-api.ts";

/** More than an event has, or all that are kept. */
const MAX_UNREAD = 4 * 1024 * 1024;

/**
 * The events of a stream. With `quietMs` it ends when nothing has come for so long; null: it goes on until
 * the stream ends.
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  quietMs: number | null,
): AsyncGenerator<BalEvent> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  try {
    for (;;) {
      const next = await withinQuiet(reader.read(), quietMs);
      if (next === null || next.done) return;
      text += decoder.decode(next.value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = eventIn(block);
        if (event !== null) yield event;
      }
      if (text.length > MAX_UNREAD) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Null: a comment, or what is no event of bal's. */
function eventIn(block: string): BalEvent | null {
  const data = /^data: (.*)$/m.exec(block)?.[1];
  try {
    const value: unknown = data === undefined ? null : JSON.parse(data);
    return typeof value === "object" ? (value as BalEvent | null) : null;
  } catch {
    return null;
  }
}

async function withinQuiet<T>(read: Promise<T>, quietMs: number | null): Promise<T | null> {
  if (quietMs === null) return read;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const quiet = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, quietMs, null);
  });
  const came = await Promise.race([read, quiet]);
  clearTimeout(timer);
  return came;
}
