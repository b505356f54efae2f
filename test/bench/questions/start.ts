// How long it takes from the command to the first byte that came from a backend.
import { EchoBackend, echoOf } from "../load/echo-backend.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

/** Some accept clients before they know where to. */
const PATIENCE_MS = 100;

export const start: Question = {
  name: "start",
  title: "from the command to the first byte from the backend",
  notes: [
    `A client tries again 1 ms after it was refused, and when it got no answer within ${PATIENCE_MS} ms.`,
    "One backend.",
  ],
  programs: [],
  isForDirect: false,
  figures: [{ name: "start", title: "", unit: "ms", lowerIsBetter: true }],
  async ask(run: Run) {
    await using backend = await EchoBackend.start(run.folder);
    const startedAtMs = performance.now();
    const probe = echoOf(Buffer.from("ping"), PATIENCE_MS);
    const options = { backendPorts: [backend.port], probe, retryAfterMs: 1 };
    await using _ = await run.balance(options);
    return { start: performance.now() - startedAtMs };
  },
};
