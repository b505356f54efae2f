// An upgrade, as the process sees it that is to be replaced: start the new one with everything that it
// needs, wait until it serves, let it have the home. Until then nothing has changed here; if the new one
// fails even then, everything is taken back.

import type { ApiError, UpgradeReport, UpgradeRequest } from "../../api/admin-api.ts";
import { BalError } from "../../base/errors.ts";
import type { Config } from "../../config/config.ts";
import { executable } from "../../os/executable.ts";
import { isLinux } from "../../os/libc.ts";
import type { AdminServer } from "../admin/server.ts";
import { claimHome, type OwnHome } from "../host/home.ts";
import type { ServiceManager } from "../host/systemd.ts";
import type { Log } from "../logs/log.ts";
import type { DataPlane } from "../workers/data-plane.ts";
import { FORMAT } from "./handover-protocol.ts";
import { type Command, NewProcess } from "./new-process.ts";
import type { OldProcesses } from "./old-process.ts";

/** The new one only renames two files. */
const TAKE_MS = 10_000;

/** How long the new process waits for a service manager to know of it. */
const INFORM_MS = 5000;
/** How this process was started. */
export type StartCommand = Omit<Command, "binary">;

export type UpgradeParts = {
  readonly log: Log;
  readonly home: OwnHome | null;
  readonly admin: AdminServer;
  readonly manager: ServiceManager;
  readonly dataPlane: DataPlane;
  readonly predecessors: OldProcesses;
  readonly config: Config;
  readonly command: StartCommand;
  /** Rejects when this process is to end instead. */
  readonly abandoned: Promise<never>;
};

type Upgraded =
  | {
      readonly kind: "done";
      readonly successor: NewProcess;
      /** The service manager knows: this process may end. */
      readonly informed: Promise<void>;
      readonly report: UpgradeReport;
    }
  | { readonly kind: "failed"; readonly error: ApiError };

/** Why this process can never be replaced; null: it can. */
export function upgradeObstacle(manager: ServiceManager): ApiError | null {
  if (!isLinux) return { code: "not-on-this-system", message: "upgrades need Linux" };
  if (process.pid === 1) {
    return {
      code: "is-pid-1",
      message:
        "bal is process 1 of its container, and the container ends with it: it cannot be replaced",
      hint: "start a container of the new image instead",
    };
  }
  if (manager.isUninformed) {
    return {
      code: "not-notify",
      message: "systemd would consider the service stopped when this process exits",
      hint: "the unit needs Type=notify; `bal service` prints such a unit",
    };
  }
  return null;
}

export async function upgrade(
  parts: UpgradeParts,
  { binary, withinMs }: UpgradeRequest,
): Promise<Upgraded> {
  const { log, command, dataPlane, manager, abandoned } = parts;
  const path = binary ?? executable();
  log.info("upgrading", `starting ${path} to take over`, { binary: path });
  let successor: NewProcess | null = null;
  try {
    const environment = { ...command.environment, ...manager.environment() };
    const started = { ...command, environment, binary: path };
    successor = await NewProcess.launch(started, FORMAT, legacyOf(parts));
    const late = `the new binary was not ready within ${withinMs / 1000} s`;
    const serving = within(successor.expect("serving"), withinMs, late);
    const { version, commit } = await Promise.race([serving, abandoned]);
    const { informed } = await handOver(parts, successor);
    const { pid } = successor;
    const report = { pid, version, commit, binary: path, left: dataPlane.sessions };
    return { kind: "done", successor, informed, report };
  } catch (error) {
    const output = (await successor?.kill()) ?? "";
    const failure = describe(error, output);
    const { code, message, hint } = failure;
    const fields = { code, hint, output, binary: path };
    log.error("upgrade-failed", `not upgraded: ${message}`, fields);
    return { kind: "failed", error: failure };
  }
}

function legacyOf({ home, dataPlane, predecessors }: UpgradeParts) {
  return {
    lock: home?.lockFd ?? null,
    sockets: dataPlane.sockets.all,
    predecessors: predecessors.fds,
    ...dataPlane.knowledge(),
  };
}

/** Resolves when the new process has the home; what it resolves with, when the service manager knows. */
async function handOver(
  parts: UpgradeParts,
  successor: NewProcess,
): Promise<{ informed: Promise<void> }> {
  const { admin, manager, config } = parts;
  // Its address over TCP can be had by one only.
  admin.move({ ...config.admin, listen: null }).commit();
  successor.send({ kind: "take-over" });
  try {
    await within(successor.expect("taken"), TAKE_MS, "the new process did not take over");
  } catch (error) {
    await successor.kill();
    takeBack(parts);
    throw error;
  }
  const informed = manager.handOver(successor.pid);
  await Promise.race([informed, Bun.sleep(INFORM_MS)]);
  successor.send({ kind: "farewell" });
  return { informed };
}

function takeBack({ home, admin, config, log }: UpgradeParts): void {
  try {
    if (home !== null) {
      claimHome(home);
      admin.serveSocket(home.socket);
    }
    admin.move(config.admin).commit();
  } catch (error) {
    log.error("fault", `cannot take the home back: ${String(error)}; signals still work`);
  }
}

function describe(error: unknown, output: string): ApiError {
  const said = output === "" ? {} : { output };
  if (!(error instanceof BalError)) return { code: "fault", message: String(error), ...said };
  const { code, message, hint } = error;
  return { code, message, ...(hint !== null && { hint }), ...said };
}

async function within<T>(promise: Promise<T>, ms: number, late: string): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new BalError("upgrade-timeout", late)), ms);
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
