// What a connection costs that has its line in an access log, beside one that has none.
import { HttpBackend, httpProbe } from "../load/http-backend.ts";
import { wrk } from "../load/wrk.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

const AT_ONCE = 32;

export const accessLog: Question = {
  name: "access-log",
  title: "connections with a line each in an access log",
  notes: [
    `wrk with Connection: close, ${AT_ONCE} at once, 64 B, an nginx behind; the log is a file.`,
    "bal writes JSON with all of its fields, HAProxy tcplog, nginx a format with as much.",
  ],
  programs: ["wrk", "nginx"],
  isForDirect: false,
  figures: [
    { name: "off", title: "no log", unit: "CPU µs/connection", lowerIsBetter: true },
    { name: "all", title: "a line each", unit: "CPU µs/connection", lowerIsBetter: true },
  ],
  async ask(run: Run) {
    await using backend = await HttpBackend.start(run.folder);
    const cost = async (isLogged: boolean) => {
      await using balanced = await run.balance({
        backendPorts: [backend.port],
        probe: httpProbe(64),
        isLogged,
      });
      const { port } = balanced;
      const load = (seconds: number) =>
        wrk({ port, bytes: 64, seconds, connections: AT_ONCE, isClosing: true });
      await load(1);
      const { cpuMs, result } = await balanced.measure(() => load(run.seconds));
      return (cpuMs * 1000) / result.requests;
    };
    return { off: await cost(false), all: await cost(true) };
  },
};
