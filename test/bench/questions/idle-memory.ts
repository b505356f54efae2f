// What connections that say nothing cost in memory.
import { join } from "node:path";
import { until } from "../../support/until.ts";
import { EchoBackend, echoProbe } from "../load/echo-backend.ts";
import { Child } from "../process/child.ts";
import { openFileLimit } from "../process/limits.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

const CONNECTIONS = 5000;
const QUICK_CONNECTIONS = 1000;
const SETTLE_MS = 500;
const SCRIPT = join(import.meta.dir, "../load/idle.ts");

export const idleMemory: Question = {
  name: "idle-memory",
  title: "memory of connections that say nothing",
  notes: [
    `${CONNECTIONS.toLocaleString("en-US")} connections (--quick: ${QUICK_CONNECTIONS.toLocaleString("en-US")}), each after one echo of 64 bytes.`,
    "Proportional set size (Pss) of all processes of the balancer, and what is anonymous of it: the rest",
    "are pages of files, such as the binary's own. The kernel's buffers are not in it.",
  ],
  programs: [],
  isForDirect: false,
  figures: [
    { name: "start", title: "at start", unit: "MiB", lowerIsBetter: true },
    { name: "anonymous", title: "anonymous at start", unit: "MiB", lowerIsBetter: true },
    { name: "connection", title: "each connection", unit: "KiB", lowerIsBetter: true },
  ],
  async ask(run: Run) {
    await using backend = await EchoBackend.start(run.folder);
    await using balanced = await run.balance({ backendPorts: [backend.port], probe: echoProbe });
    const wanted = run.isQuick ? QUICK_CONNECTIONS : CONNECTIONS;
    const count = Math.min(wanted, Math.floor(openFileLimit() / 3));
    await Bun.sleep(SETTLE_MS);
    const before = balanced.memory();
    const command = [process.execPath, SCRIPT, `${balanced.port}`, `${count}`];
    await using clients = new Child(command, { logFile: join(run.folder, "idle.log") });
    await until("all connections have had their echo", () => {
      if (clients.hasEnded) throw new Error(clients.log());
      return clients.log() === "ready";
    });
    await Bun.sleep(SETTLE_MS);
    return {
      start: before.pssKiB / 1024,
      anonymous: before.anonymousKiB / 1024,
      connection: (balanced.memory().pssKiB - before.pssKiB) / count,
    };
  },
};
