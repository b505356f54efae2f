// `bal demo`: three small backends in this process, and a real balancer in front of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCommand } from "citty";
import { BalError } from "../base/errors.ts";
import { codeOf } from "../base/os-error.ts";
import { parseConfig } from "../config/parse.ts";
import { homeAt, lockHome } from "../control/home.ts";
import { LogSink } from "../control/log.ts";
import { serve } from "../control/supervisor.ts";
import { type DemoBackend, startBackend } from "./demo-backend.ts";
import { type ExitCode, say } from "./exit.ts";
import { leaveFaults } from "./faults.ts";
import { paint } from "./paint.ts";
import { version } from "./version.ts";

const PORT = 9295;
const NAMES = ["red", "green", "blue"];

export const demo = defineCommand({
  meta: { name: "demo", description: "Balance over three small backends, to see it work" },
  async run(): Promise<ExitCode> {
    const backends = NAMES.map(startBackend);
    const folder = mkdtempSync(join(tmpdir(), "bal-demo-"));
    try {
      return await balance(backends, folder);
    } finally {
      for (const backend of backends) backend.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

async function balance(backends: readonly DemoBackend[], folder: string): Promise<ExitCode> {
  const home = lockHome(homeAt(folder));
  const port = freePort();
  const log = new LogSink({ level: "warn", format: "pretty", file: null });
  const { config, warnings } = demoConfig(port, backends);
  // There is no file to reload; a terminal that closes ends it.
  process.on("SIGHUP", () => process.kill(process.pid, "SIGTERM"));
  const onReady = () => {
    leaveFaults();
    introduce(port, backends);
  };
  const none = {
    handed: [],
    predecessor: null,
    command: null,
    file: null,
    fingerprint: null,
    logLevel: undefined,
  };
  await serve({ config, warnings, home, log, version, onReady, ...none });
  return 0;
}

/** The first that nobody listens on. */
function freePort(): number {
  for (let port = PORT; port < PORT + 100; port++) {
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch (error) {
      if (codeOf(error) !== "EADDRINUSE") throw error;
    }
  }
  throw new BalError("address-in-use", `no port from ${PORT} to ${PORT + 99} is free`);
}

function demoConfig(port: number, backends: readonly DemoBackend[]) {
  const targets = backends.map((backend) => ({ host: "127.0.0.1", port: backend.port }));
  const timeouts = { shutdown: "1s" };
  const written = { port, bind_address: "127.0.0.1", workers: 1, timeouts, backends: targets };
  const parsed = parseConfig(Buffer.from(JSON.stringify(written)), "demo");
  if (parsed.kind === "invalid") throw new Error(parsed.errors[0]?.message);
  return parsed;
}

function introduce(port: number, backends: readonly DemoBackend[]): void {
  const names = backends.map(({ name, port: at }) => `${name} (:${at})`).join(", ");
  say(1, `bal balances 127.0.0.1:${port} over ${names}. Try it, a few times:`);
  say(1, "");
  say(1, `  ${paint(1, "bold", `curl http://127.0.0.1:${port}`)}`);
  say(1, `  ${paint(1, "bold", `nc 127.0.0.1 ${port}`)}`);
  say(1, "");
  say(1, "Ctrl-C ends it.");
}
