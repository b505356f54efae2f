// The compiled binary of this repository; BAL_BINARY names another one.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { balBinary } from "../../support/bal.ts";
import { writeConfig } from "../configs/render.ts";
import { Child, runToEnd } from "../process/child.ts";
import { type Rival, type Running, runningAs, type Setup } from "./rival.ts";
import { versionOf } from "./version.ts";

let copy: string | null = null;

/** A copy, so that a build in the middle of a run changes nothing in it. */
function binary(): string {
  if (copy !== null) return copy;
  const folder = mkdtempSync(join(tmpdir(), "bal-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  copy = join(folder, "bal");
  copyFileSync(balBinary(), copy);
  return copy;
}

export const bal: Rival = {
  name: "bal",
  isBalancer: true,
  programs: [],
  version: () => versionOf([binary(), "--version"], /bal (\S.*)/),
  start: async (setup) => startBal(setup),
};

function startBal(setup: Setup): Running {
  const { folder, listenPort, backendPorts, workers, method, serverName, isLogged } = setup;
  const file = join(folder, "config.yaml");
  const env = { BAL_HOME: folder };
  const write = (ports: readonly number[]) =>
    writeConfig("bal.yml.template", file, {
      port: listenPort,
      where: serverName === null ? "pool: pool" : `routes: [{sni: [${serverName}], pool: pool}]`,
      workers,
      access: isLogged ? "{mode: all, file: access.log}" : "off",
      method,
      backends: ports.map((port) => `      - {host: 127.0.0.1, port: ${port}}`).join("\n"),
    });
  write(backendPorts);
  const child = new Child([binary(), "start", "-c", file], {
    env,
    logFile: join(folder, "bal.log"),
  });
  return runningAs(child, listenPort, async (ports) => {
    write(ports);
    return (await runToEnd([binary(), "graceful"], { env })).cpuMs;
  });
}
