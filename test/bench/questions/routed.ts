// What a connection costs that is routed by the name that its TLS client asks for.
import { HttpBackend, httpProbe } from "../load/http-backend.ts";
import { warmUp, wrk } from "../load/wrk.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

const AT_ONCE = 32;
const WARM_AFTER = 15_000;

export const routed: Question = {
  name: "routed",
  title: "TLS connections routed by server name (SNI)",
  notes: [
    `wrk over TLS with Connection: close, ${AT_ONCE} at once, 64 B, an nginx behind that ends TLS.`,
    `Measured after ${WARM_AFTER.toLocaleString("en-US")} connections.`,
    "The handshakes, of client and nginx, take most of the machine: the rate says little, the CPU much.",
  ],
  programs: ["wrk", "nginx", "openssl"],
  isForDirect: false,
  figures: [
    { name: "rate", title: "", unit: "connections/s", lowerIsBetter: false },
    { name: "cpu", title: "", unit: "CPU µs/connection", lowerIsBetter: true },
  ],
  async ask(run: Run) {
    await using backend = await HttpBackend.start(run.folder, { isTls: true });
    await using balanced = await run.balance({
      backendPorts: [backend.port],
      probe: httpProbe(64, { isTls: true }),
      serverName: "localhost",
    });
    const { port } = balanced;
    const load = (seconds: number) =>
      wrk({ port, bytes: 64, seconds, connections: AT_ONCE, isClosing: true, isTls: true });
    // What the first connections cost beside these is a question of its own (warm-up.ts).
    await warmUp(run.isQuick ? 1 : WARM_AFTER, load);
    const { cpuMs, result } = await balanced.measure(() => load(run.seconds));
    return { rate: result.perSecond, cpu: (cpuMs * 1000) / result.requests };
  },
};
