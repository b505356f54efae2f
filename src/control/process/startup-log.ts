// The log lines of a start, and of a config that comes into force.

import type { ListenerStatus } from "../../api/admin-api.ts";
import { destinationOf } from "../../api/destination.ts";
import type { Config } from "../../config/config.ts";
import type { Diagnostic } from "../../config/diagnostics.ts";
import { hostWarnings } from "../host/capacity.ts";
import type { Log } from "../logs/log.ts";

export type Version = { readonly version: string; readonly commit: string };

export function logWarnings(log: Log, warnings: readonly Diagnostic[]): void {
  for (const { message, file, line, column } of warnings) {
    log.warn("config-warning", `${file}:${line}:${column}: ${message}`);
  }
}

export function logHost(log: Log, config: Config, workers: number): void {
  for (const warning of hostWarnings(config, workers)) log.warn("host", warning);
}

type Started = {
  readonly listeners: readonly ListenerStatus[];
  readonly workers: number;
  readonly file: string | null;
  readonly version: Version;
};

export function logStarted(log: Log, { listeners, workers, file, version }: Started): void {
  for (const listener of listeners) {
    const { name, address, pool } = listener;
    const fields = { listener: name, address, pool };
    const message = `${name} listens on ${address} for ${destinationOf(listener)}`;
    log.info("listening", message, fields);
  }
  const { pid } = process;
  const threads = workers === 1 ? "1 worker" : `${workers} workers`;
  const message = `bal ${version.version} (${version.commit}) is running with ${threads}, pid ${pid}`;
  log.info("started", message, { pid, file, workers });
}
