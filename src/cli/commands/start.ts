// `bal start`: in the foreground, or detached. Both take the same path; the detached one is a
// child of this command in a session of its own, which reports over a pipe.
import { defineCommand } from "citty";
import { BalError } from "../../base/errors.ts";
import type { LogLevel } from "../../config/config.ts";
import type { LoadResult } from "../../config/load.ts";
import {
  alreadyRunning,
  type Home,
  leaveHome,
  locateHome,
  lockHome,
  makeHome,
  type OwnHome,
  runningPid,
} from "../../control/host/home.ts";
import { configRisk, ownerRisk } from "../../control/host/trust.ts";
import { takeActivation } from "../../control/listeners/inherited-sockets.ts";
import { Logs, logPath } from "../../control/logs/logs.ts";
import { serve } from "../../control/process/supervisor.ts";
import { fingerprintOf } from "../../control/reload/config-watcher.ts";
import { OldProcess } from "../../control/upgrade/old-process.ts";
import type { StartCommand } from "../../control/upgrade/upgrade.ts";
import { locateConfig, readSource, writeTemplate } from "../config-source.ts";
import { detach, detachedEnvironment, isDetached, reportFailure, reportReady } from "../daemon.ts";
import type { ExitCode } from "../exit.ts";
import { leaveFaults } from "../faults.ts";
import { say } from "../output.ts";
import { version } from "../version.ts";
import { renderPretty } from "../views/render-diagnostics.ts";

export const start = defineCommand({
  meta: { name: "start", description: "Run the balancer" },
  args: {
    config: { type: "string", alias: "c", valueHint: "FILE", description: "the config file" },
    daemon: { type: "boolean", alias: "d", description: "detach once every listener accepts" },
    "log-level": {
      type: "enum",
      options: ["debug", "info", "warn", "error"],
      description: "debug, info, warn or error; overrides the config",
    },
  },
  async run({ args }): Promise<ExitCode> {
    const home = locateHome();
    const file = locateConfig(args.config) ?? firstConfig(home);
    const risk = ownerRisk(home) ?? configRisk(file);
    if (risk !== null) throw risk;
    const fingerprint = fingerprintOf(file);
    const loaded = await readSource(file);
    if (loaded.kind === "invalid") return invalid(loaded);
    const level = args["log-level"] as LogLevel | undefined;
    if (args.daemon) return await startDaemon({ home, file, fingerprint, loaded, level });
    try {
      return await runHere({ home, file, fingerprint, loaded, level });
    } catch (error) {
      reportFailure(error);
      throw error;
    }
  },
});

type Run = {
  readonly home: Home;
  readonly file: string;
  readonly fingerprint: string | null;
  readonly loaded: Extract<LoadResult, { kind: "valid" }>;
  readonly level: LogLevel | undefined;
};

async function runHere(run: Run): Promise<ExitCode> {
  // From the moment that the pid file says whom to signal; what comes before bal is up is not lost,
  // since the file is compared with what was read.
  process.on("SIGHUP", () => {});
  const predecessor = await OldProcess.meet();
  try {
    return await serveHere(run, predecessor);
  } catch (error) {
    // The process that goes on prints it, once.
    if (predecessor === null) throw error;
    predecessor.fail(error);
    return 1;
  }
}

async function serveHere(run: Run, predecessor: OldProcess | null): Promise<ExitCode> {
  const { home, file, fingerprint, loaded, level } = run;
  const { config, warnings } = loaded;
  const activated = takeActivation();
  const handed = predecessor?.sockets ?? activated;
  const lockFd = predecessor?.lock ?? null;
  const logs = new Logs(config.log, { configFile: file, home: isDetached() ? home : null, level });
  const { log } = logs;
  const owned = lockFd === null ? ownHome(home) : { ...home, lockFd };
  if (owned instanceof BalError) {
    const { message, hint } = owned;
    log.warn("no-home", `${message}; bal can be controlled by signals only`, { hint });
  }
  const usable = owned instanceof BalError ? null : owned;
  try {
    const onReady = (addresses: readonly string[]) => {
      reportReady(addresses);
      leaveFaults();
    };
    const code = await serve({
      config,
      warnings,
      file,
      fingerprint,
      home: usable,
      logs,
      version,
      handed,
      predecessor,
      command: startCommand(file, level),
      onReady,
    });
    return code === 0 ? 0 : 1;
  } finally {
    if (usable !== null) leaveHome(usable);
    await logs.flush();
  }
}

/** The command that starts a bal as this one was started. */
function startCommand(file: string, level: LogLevel | undefined): StartCommand {
  const options = level === undefined ? [] : ["--log-level", level];
  return { args: ["start", "-c", file, ...options], environment: detachedEnvironment() };
}

// A foreground bal serves without a home that it can write; only a second one is refused.
function ownHome(home: Home): OwnHome | BalError {
  try {
    makeHome(home);
    return lockHome(home);
  } catch (error) {
    const isUnwritable = error instanceof BalError && error.code === "home-not-writable";
    if (isUnwritable && !isDetached()) return error;
    throw error;
  }
}

async function startDaemon({ home, file, loaded, level }: Run): Promise<ExitCode> {
  makeHome(home);
  if (runningPid(home) !== null) throw alreadyRunning(home);
  const { warnings, source, config } = loaded;
  if (warnings.length > 0) say(2, renderPretty(warnings, source, 2));
  const { pid, addresses } = await detach(file, home, level);
  const log = config.log.file === null ? home.log : logPath(config.log.file, file);
  say(1, `bal runs with pid ${pid} on ${addresses.join(", ")}; log: ${log}`);
  return 0;
}

function firstConfig(home: Home): string {
  const file = writeTemplate(home);
  say(
    2,
    `no config found: wrote a first one to ${file}; edit it, and bal reloads it when you save it`,
  );
  return file;
}

function invalid({ errors, warnings, source }: Extract<LoadResult, { kind: "invalid" }>): ExitCode {
  say(2, renderPretty([...errors, ...warnings], source, 2));
  return 1;
}
