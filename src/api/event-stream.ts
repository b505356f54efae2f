// Server-sent events as they come → events of bal (WHATWG HTML, 9.2, as far as bal writes it).
import type { BalEvent } from "./admin-api.ts";

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
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) yield JSON.parse(data) as BalEvent;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
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
