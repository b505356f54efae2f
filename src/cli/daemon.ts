// Detaching: the process that serves is a child in a session of its own, its output is the log
// file, and it says over a pipe whether it came up before this command returns.
import { spawn } from "node:child_process";
import { closeSync, writeSync } from "node:fs";
import { BalError } from "../base/errors.ts";
import type { Home } from "../control/host/home.ts";
import { openLog } from "../control/logs/line-writer.ts";
import { childEnvironment } from "../os/environment.ts";
import { executable } from "../os/executable.ts";

/** Set for the child: the descriptor of the pipe. */
const READY_FD = "BAL_READY_FD";
/** Set for a process that takes a detached one's place. */
const DETACHED = "BAL_DETACHED";
const PIPE_FD = 3;

type Report =
  | { readonly kind: "ready"; readonly addresses: readonly string[] }
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly message: string;
      readonly hint: string | null;
    };

/** This process is the child. */
export function isDetached(): boolean {
  return process.env[READY_FD] !== undefined || process.env[DETACHED] !== undefined;
}

/** The variable by which a process that takes this one's place knows whether it is detached. */
export function detachedEnvironment(): Readonly<Record<string, string | undefined>> {
  return { [READY_FD]: undefined, [DETACHED]: isDetached() ? "1" : undefined };
}

/** Tells the waiting parent that every listener accepts. */
export function reportReady(addresses: readonly string[]): void {
  tell({ kind: "ready", addresses });
}

/** Tells the waiting parent why there will be no daemon. */
export function reportFailure(error: unknown): void {
  const { code, message, hint } =
    error instanceof BalError ? error : { code: "fault", message: String(error), hint: null };
  tell({ kind: "failed", code, message, hint });
}

/** Starts the child and waits for its report. Throws BalError with its reason. */
export async function detach(
  file: string,
  home: Home,
  level: string | undefined,
): Promise<{ readonly pid: number; readonly addresses: readonly string[] }> {
  const log = openLog(home.log);
  const options = level === undefined ? [] : ["--log-level", level];
  const child = spawn(executable(), ["start", "-c", file, ...options], {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log, "pipe"],
    env: { ...childEnvironment(), BAL_HOME: home.path, [READY_FD]: String(PIPE_FD) },
  });
  closeSync(log);
  const spawned = Promise.withResolvers<never>();
  child.once("error", spawned.reject);
  const pipe = child.stdio[PIPE_FD] as NodeJS.ReadableStream;
  const said = await Promise.race([readAll(pipe), spawned.promise]);
  child.unref();
  const report = parse(said);
  if (report?.kind === "ready") return { pid: child.pid ?? 0, addresses: report.addresses };
  if (report === null) {
    throw new BalError("start-failed", "bal exited before it was ready", {
      hint: `see ${home.log}`,
    });
  }
  const { code, message, hint } = report;
  throw new BalError(code, message, hint === null ? {} : { hint });
}

function tell(report: Report): void {
  const fd = process.env[READY_FD];
  if (fd === undefined) return;
  try {
    writeSync(Number(fd), JSON.stringify(report));
    closeSync(Number(fd));
  } catch {
    // The command that waited has been ended.
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

function parse(text: string): Report | null {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return null;
  }
}
