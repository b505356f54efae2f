// A reload: load → validate → diff → (data plane: resolve → open sockets → apply → acknowledged).
// Until the sockets are open nothing has changed; after that nothing is refused.

import type {
  ApiError,
  PreviewOutcome,
  ReloadOutcome,
  ReloadReport,
  ReloadSource,
} from "../../api/admin-api.ts";
import { BalError } from "../../base/errors.ts";
import { type Change, describeChange } from "../../config/change.ts";
import type { Config } from "../../config/config.ts";
import { type Diagnostic, describeDiagnostic } from "../../config/diagnostics.ts";
import { diffConfigs } from "../../config/diff.ts";
import { type LoadResult, loadConfig, parseSource } from "../../config/load.ts";
import type { ConfigSource } from "../admin/control-api.ts";
import type { AdminServer } from "../admin/server.ts";
import { withToken } from "../admin/token.ts";
import { withCheckFiles } from "../health/check-files.ts";
import { configRisk } from "../host/trust.ts";
import type { Log } from "../logs/log.ts";
import type { Logs } from "../logs/logs.ts";
import type { DataPlane } from "../workers/data-plane.ts";

/** The config in force, and how it came to be. */
export type InForce = {
  config: Config;
  generation: number;
  loadedAt: Date;
  by: ReloadReport["by"];
  changes: readonly Change[];
  kept: ReloadReport["kept"];
};

/** A file on a disk that does not answer must not hold up everything behind this reload. */
const LOAD_MS = 5000;

type ReloadParts = {
  readonly file: string;
  readonly inForce: InForce;
  readonly dataPlane: DataPlane;
  readonly admin: AdminServer;
  readonly log: Log;
  readonly logs: Logs;
  readonly onApplied: (config: Config) => void;
};

export async function reload(parts: ReloadParts, by: ReloadSource): Promise<ReloadOutcome> {
  const { inForce, log } = parts;
  const loaded = await load(parts.file, log);
  if (loaded instanceof BalError) return failed(parts, loaded);
  if (loaded.kind === "invalid") {
    const { error, errors } = invalid(parts.file, loaded.errors);
    for (const found of errors) log.error("config-invalid", describeDiagnostic(found));
    log.error("reload-failed", error.message);
    return { kind: "failed", error, errors };
  }
  const changes = diffConfigs(inForce.config, loaded.config);
  if (changes.length === 0) {
    const trouble = await parts.dataPlane.refresh();
    if (trouble !== null) return notWhole(inForce, trouble);
    log.info("reload-unchanged", "reload: nothing has changed", {
      by,
      generation: inForce.generation,
    });
    return { kind: "done", report: report(inForce, loaded.warnings, true) };
  }
  // The warnings of a config that is in force stand in the log already.
  for (const warning of loaded.warnings) log.warn("config-warning", describeDiagnostic(warning));
  let trouble: string | null;
  try {
    trouble = await applyConfig(parts, loaded.config);
  } catch (error) {
    return failed(parts, error);
  }
  const { config } = loaded;
  if (changes.some(({ path }) => path === "workers")) {
    log.warn(
      "restart-needed",
      "the new number of workers takes effect at the next start or upgrade",
    );
  }
  const generation = inForce.generation + 1;
  const kept = countKept(inForce.config, config);
  Object.assign(inForce, { config, generation, by, changes, kept, loadedAt: new Date() });
  parts.onApplied(config);
  const list = changes.map(describeChange).join("; ");
  log.info("reloaded", `generation ${generation}: ${list}`, { by, generation, changes });
  if (trouble !== null) return notWhole(inForce, trouble);
  return { kind: "done", report: report(inForce, loaded.warnings, false) };
}

// Log files and the admin API's address are open before the last step that can fail, and given up if that
// does.
async function applyConfig(parts: ReloadParts, config: Config): Promise<string | null> {
  const { admin, dataPlane, logs } = parts;
  using undone = new DisposableStack();
  const logMove = logs.move(config.log);
  undone.defer(() => logMove.undo());
  const adminMove = admin.move(config.admin);
  undone.defer(() => adminMove.undo());
  const trouble = await dataPlane.applyConfig(config);
  // Nothing is taken back any more.
  undone.move();
  logMove.commit();
  adminMove.commit();
  return trouble;
}

function notWhole({ generation }: InForce, trouble: string): ReloadOutcome {
  const message = `generation ${generation} is in force, but not complete yet: ${trouble}`;
  return { kind: "failed", error: { code: "apply-failed", message }, errors: [] };
}

/** The changes that a reload would make; nothing is done. */
export async function preview(
  file: string,
  { config, generation }: InForce,
  log: Log,
): Promise<PreviewOutcome> {
  const loaded = await load(file, log);
  if (loaded instanceof BalError) return { kind: "failed", error: apiError(loaded), errors: [] };
  if (loaded.kind === "invalid") return { kind: "failed", ...invalid(file, loaded.errors) };
  const changes = diffConfigs(config, loaded.config);
  return { kind: "done", report: { generation, changes, warnings: loaded.warnings } };
}

/** The same of a config that stands in no file. A token in a file of its own is not looked at. */
export function previewSource(
  { config: text, file }: ConfigSource,
  { config: present, generation }: InForce,
): PreviewOutcome {
  const loaded = parseSource(Buffer.from(text), file);
  if (loaded.kind === "invalid") return { kind: "failed", ...invalid(file, loaded.errors) };
  const { config, warnings } = loaded;
  const isSameFile =
    config.admin.tokenFile !== null && config.admin.tokenFile === present.admin.tokenFile;
  const { token } = isSameFile ? present.admin : config.admin;
  const changes = diffConfigs(present, { ...config, admin: { ...config.admin, token } });
  return { kind: "done", report: { generation, changes, warnings } };
}

async function load(file: string, log: Log): Promise<LoadResult | BalError> {
  const loaded = await Promise.race([loadConfig(file), Bun.sleep(LOAD_MS)]);
  if (loaded !== undefined) {
    return configRisk(file) ?? (loaded.kind === "invalid" ? loaded : complete(loaded, file, log));
  }
  return new BalError("unreadable", `${file} could not be read within ${LOAD_MS / 1000} s`);
}

function complete(
  loaded: Extract<LoadResult, { kind: "valid" }>,
  file: string,
  log: Log,
): LoadResult | BalError {
  try {
    const config = withCheckFiles(withToken(loaded.config, file, log), file);
    return { ...loaded, config };
  } catch (error) {
    if (error instanceof BalError) return error;
    throw error;
  }
}

function report(
  inForce: InForce,
  warnings: readonly Diagnostic[],
  unchanged: boolean,
): ReloadReport {
  const { generation, loadedAt, by, changes, kept } = inForce;
  const loaded_at = loadedAt.toISOString();
  return { generation, unchanged, loaded_at, by, changes, kept, warnings };
}

/** Listeners and backends that are in both configs, by identity. */
function countKept(from: Config, to: Config): ReloadReport["kept"] {
  const listeners = new Set(from.listeners.map(({ name }) => name));
  const backends = new Set(identities(from));
  return {
    listeners: to.listeners.filter(({ name }) => listeners.has(name)).length,
    backends: identities(to).filter((identity) => backends.has(identity)).length,
  };
}

function identities(config: Config): readonly string[] {
  return config.pools.flatMap((pool) => pool.backends.map(({ name }) => `${pool.name}/${name}`));
}

function invalid(file: string, errors: readonly Diagnostic[]) {
  const count = errors.length === 1 ? "an error" : `${errors.length} errors`;
  const message = `${file} has ${count}; bal keeps the config in force`;
  return { error: { code: "config-invalid", message }, errors };
}

function failed({ log }: ReloadParts, error: unknown): ReloadOutcome {
  if (!(error instanceof BalError)) throw error;
  const { code, message, hint } = error;
  log.error("reload-failed", `${message}; bal keeps the config in force`, { code, hint });
  return { kind: "failed", error: apiError(error), errors: [] };
}

function apiError({ code, message, hint }: BalError): ApiError {
  return { code, message, ...(hint && { hint }) };
}
