// How long it takes from the command to the first byte that came from a backend.
import { EchoBackend, echoProbe } from "../load/echo-backend.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

export const start: Question = {
  name: "start",
  title: "from the command to the first byte from the backend",
  notes: ["A client tries again 1 ms after it was refused. One backend."],
  programs: [],
  isForDirect: false,
  figures: [{ name: "start", title: "", unit: "ms", lowerIsBetter: true }],
  async ask(run: Run) {
    await using backend = await EchoBackend.start(run.folder);
    const startedAtMs = performance.now();
    const options = { backendPorts: [backend.port], probe: echoProbe, retryAfterMs: 1 };
    await using _ = await run.balance(options);
    return { start: performance.now() - startedAtMs };
  },
};
