// All that `bal doctor` looks at. Nothing is changed; backends see one check, names are looked up, and
// the running bal is asked for its state.
import type { Config } from "../../config/config.ts";
import type { LoadResult } from "../../config/load.ts";
import { openFileLimit } from "../../os/limits.ts";
import { connectionCeiling, spliceLimits, workerCount } from "../host/capacity.ts";
import type { Home } from "../host/home.ts";
import { checkAdmin } from "./admin-check.ts";
import { checkBackends } from "./backends-check.ts";
import { checkCapacity } from "./capacity-check.ts";
import { checkConfig } from "./config-check.ts";
import { checkDaemon, type Daemon } from "./daemon-check.ts";
import type { Finding } from "./finding.ts";
import { checkHome } from "./home-check.ts";
import { checkClock, checkKernel } from "./host-check.ts";
import { checkLogs } from "./logs-check.ts";
import { checkNames } from "./names-check.ts";
import { checkPorts } from "./ports-check.ts";
import { checkProblems } from "./problems-check.ts";
import { checkSockets } from "./sockets-check.ts";
import { checkSysctls, portRange, readSysctl } from "./sysctl-check.ts";

type Examination = {
  readonly home: Home;
  /** The config's path, null where there is none, and what was read there. */
  readonly file: string | null;
  readonly loaded: LoadResult | null;
  /** The config in force of a bal whose file is not valid, or not for this user to read; null: none. */
  readonly running: Config | null;
  /** The version of this binary. */
  readonly version: { readonly version: string; readonly commit: string };
  /** The config's schema as this binary writes it. */
  readonly schema: string;
};

/** In the order in which they are told. */
export async function examine({
  home,
  file,
  loaded,
  running,
  version,
  schema,
}: Examination): Promise<readonly Finding[]> {
  const config = loaded?.kind === "valid" ? loaded.config : running;
  const [daemon, names, clock] = await Promise.all([
    checkDaemon({ home, file, version }),
    config === null ? null : checkNames(config),
    checkClock(),
  ]);
  const findings = [
    ...checkConfig(file, loaded),
    ...checkHome(home, schema),
    ...daemon.findings,
    ...(config === null ? [] : checkHost(config, daemon)),
    ...(config === null ? [] : checkAdmin(config, file)),
    ...(config === null ? [] : checkLogs(config.log, file)),
    ...checkKernel(config?.zeroCopy ?? true),
    ...clock,
    ...(names?.findings ?? []),
    ...(config === null || names === null ? [] : await checkBackends(config, names)),
  ];
  return [...findings, ...checkProblems(daemon.status, findings)];
}

function checkHost(config: Config, daemon: Daemon): readonly Finding[] {
  const workers = workerCount(config);
  const openFiles = openFileLimit(daemon.pid ?? "self");
  const splice = spliceLimits(config, workers, openFiles);
  const load = {
    config,
    ceiling: connectionCeiling(config, workers, openFiles),
    openFiles,
    splicedSessions: splice.maxSessions * workers,
    isPrivileged: process.getuid?.() === 0,
  };
  const reserved = readSysctl("net.ipv4.ip_local_reserved_ports") ?? "";
  return [
    ...checkPorts(config, daemon, { ephemeral: portRange(), reserved }),
    ...checkSockets(config, daemon),
    ...checkCapacity(config, { workers, openFiles, isOfDaemon: daemon.pid !== null }),
    ...checkSysctls(load),
  ];
}
