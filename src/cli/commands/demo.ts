// `bal demo`: three small backends in this process, and a real balancer in front of them. It has no home
// and no file: nothing is left, however it ends.
import { defineCommand } from "citty";
import { BalError } from "../../base/errors.ts";
import { codeOf } from "../../base/os-error.ts";
import { parseConfig } from "../../config/parse.ts";
import { Logs } from "../../control/logs/logs.ts";
import { serve } from "../../control/process/supervisor.ts";
import { DemoBackend } from "../demo/demo-backend.ts";
import { comeAndGo, failAndReturn } from "../demo/demo-life.ts";
import { type DemoPlace, DemoView } from "../demo/demo-view.ts";
import type { ExitCode } from "../exit.ts";
import { leaveFaults } from "../faults.ts";
import { version } from "../version.ts";

const PORT = 9295;
const ADMIN_PORT = 9296;
const NAMES = ["red", "green", "blue"];

export const demo = defineCommand({
  meta: { name: "demo", description: "Balance over three small backends, to see it work" },
  async run(): Promise<ExitCode> {
    using ends = new DisposableStack();
    const backends = NAMES.map((name) => ends.use(new DemoBackend(name)));
    const port = freePort(PORT, []);
    const place = { port, adminPort: freePort(ADMIN_PORT, [port]) };
    const { config, warnings } = demoConfig(place, backends);
    // The view shows everything else.
    const logs = new Logs(config.log, { configFile: null, home: null, level: "error" });
    // There is no file to reload; a terminal that closes ends it.
    process.on("SIGHUP", () => process.kill(process.pid, "SIGTERM"));
    const onReady = () => {
      leaveFaults();
      const view = ends.use(new DemoView(place));
      const end = ends.adopt(new AbortController(), (controller) => controller.abort());
      const { signal } = end;
      const life = { port, backends, signal, onEvent: (words: string) => view.tell(words) };
      void comeAndGo(life);
      void failAndReturn(life);
    };
    const none = {
      home: null,
      file: null,
      fingerprint: null,
      handed: [],
      predecessor: null,
      command: null,
    };
    await serve({ config, warnings, logs, version, onReady, ...none });
    return 0;
  },
});

/** The first from there on that nobody listens on. */
function freePort(from: number, taken: readonly number[]): number {
  for (let port = from; port < from + 100; port++) {
    if (taken.includes(port)) continue;
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch (error) {
      if (codeOf(error) !== "EADDRINUSE") throw error;
    }
  }
  throw new BalError("address-in-use", `no port from ${from} to ${from + 99} is free`);
}

function demoConfig({ port, adminPort }: DemoPlace, backends: readonly DemoBackend[]) {
  const written = {
    port,
    bind_address: "127.0.0.1",
    workers: 1,
    timeouts: { shutdown: "1s" },
    health_check: { interval: "1s", timeout: "500ms", fast_interval: "500ms" },
    admin: { listen: `127.0.0.1:${adminPort}` },
    backends: backends.map(({ name, port: at }) => ({ host: "127.0.0.1", port: at, name })),
  };
  const parsed = parseConfig(Buffer.from(JSON.stringify(written)), "demo");
  if (parsed.kind === "invalid") throw new Error(parsed.errors[0]?.message);
  return parsed;
}
