// The life of the demo: clients come and go, and a backend is away every so often.
import type { DemoBackend } from "./demo-backend.ts";

/** Long enough to try the line that it prints before anything happens. */
const CALM_MS = 12_000;
const AWAY_MS = 6_000;
const STEP_MS = 250;
/** From the fewest clients to the most and back. */
const WAVE_MS = 40_000;
/** As long as a client thinks before it says something: less than a backend waits. */
const THOUGHT_MS = 400;

type Life = {
  readonly port: number;
  readonly backends: readonly DemoBackend[];
  readonly onEvent: (words: string) => void;
  /** Aborted at the end. */
  readonly signal: AbortSignal;
};

/** A few clients a second, more and less like a tide. */
export async function comeAndGo({ port, backends, signal }: Life): Promise<void> {
  let due = 0;
  for (let step = 0; !signal.aborted; step++) {
    const height = 1 + Math.sin((step * STEP_MS * 2 * Math.PI) / WAVE_MS);
    due += 0.2 + 0.5 * height;
    // One round over all backends at a time: a user who tries it meanwhile still sees them take turns.
    for (; due >= 1; due--) for (const _ of backends) visit(port);
    await pause(STEP_MS, signal);
  }
}

/** One backend after the other goes away and comes back. */
export async function failAndReturn({ backends, onEvent, signal }: Life): Promise<void> {
  for (let turn = backends.length - 1; ; turn++) {
    const backend = backends[turn % backends.length];
    await pause(CALM_MS, signal);
    if (backend === undefined || signal.aborted) return;
    backend.leave();
    onEvent(`${backend.name} stops; its clients go to the others`);
    await pause(AWAY_MS, signal);
    if (signal.aborted) return;
    await backend.comeBack();
    onEvent(`${backend.name} is running again; bal waits for two passed checks`);
  }
}

/** Comes, thinks, says hello, listens, goes. What goes wrong is bal's to count. */
function visit(port: number): void {
  let timer: Timer | null = null;
  const gone = () => {
    if (timer !== null) clearTimeout(timer);
  };
  Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        timer = setTimeout(() => socket.write("hello\n"), Math.random() * THOUGHT_MS);
      },
      data() {},
      end: gone,
      close: gone,
      error: gone,
      connectError: gone,
    },
  }).catch(gone);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const ended = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  await Promise.race([Bun.sleep(ms), ended.promise]);
}
