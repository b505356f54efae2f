// Rivals by a folder of start scripts (RIVALS=DIR): each executable in it is one, by the contract in
// ../README.md. A script writes its config into FOLDER and executes the balancer in the foreground.
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Child, CommandFailed, environment, runToEnd } from "../process/child.ts";
import { DECLINED, Declined, type Rival, type Running, runningAs, type Setup } from "./rival.ts";

/** In the order of their names; null when there is no such folder. */
export function scriptsIn(folder: string): readonly Rival[] | null {
  const path = resolve(folder);
  return (
    namesIn(path)
      ?.filter((name) => !name.startsWith(".") && isExecutable(join(path, name)))
      .map((name) => scripted(name, join(path, name))) ?? null
  );
}

function namesIn(folder: string): string[] | null {
  try {
    return readdirSync(folder).sort();
  } catch {
    return null;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function scripted(name: string, script: string): Rival {
  return {
    name,
    isBalancer: true,
    programs: [],
    version: () => versionBy(script),
    start: async (setup) => startScript(script, setup),
  };
}

/** The first line that it prints; null when it fails: what it starts is not installed. */
function versionBy(script: string): string | null {
  const { exitCode, stdout } = Bun.spawnSync([script, "version"], { env: environment() });
  return exitCode === 0 ? (stdout.toString().trim().split("\n")[0] ?? "") : null;
}

function startScript(script: string, setup: Setup): Running {
  const { folder, listenPort } = setup;
  const logFile = join(folder, "output");
  const child = new Child([script, "start"], { env: variablesOf(setup), logFile });
  return runningAs(child, listenPort, async (backendPorts) => {
    const env = { ...variablesOf({ ...setup, backendPorts }), PID: `${child.pid}` };
    try {
      return (await runToEnd([script, "reload"], { env })).cpuMs;
    } catch (error) {
      if (!(error instanceof CommandFailed) || error.exitCode !== DECLINED) throw error;
      throw new Declined("it has no reload");
    }
  });
}

function variablesOf(setup: Setup): Record<string, string> {
  const { folder, listenPort, backendPorts, workers, method, serverName, isLogged } = setup;
  return {
    FOLDER: folder,
    LISTEN_PORT: `${listenPort}`,
    BACKEND_PORTS: backendPorts.join(" "),
    WORKERS: `${workers}`,
    METHOD: method,
    SERVER_NAME: serverName ?? "",
    ACCESS_LOG: isLogged ? join(folder, "access.log") : "",
  };
}
