// Compares this process's limits with the config's needs: open files, memory, CPUs.
import { formatSize } from "../../base/units.ts";
import type { Config } from "../../config/config.ts";
import { usableCpus, usableMemory } from "../../os/limits.ts";
import { bufferedCeiling, connectionsByFileLimit } from "../host/capacity.ts";
import { type Finding, Findings } from "./finding.ts";

/** Who raises the limit of open files has more in mind; 1,024 is the default of many systems. */
const FEW_CONNECTIONS = 1000;

export type Capacity = {
  readonly workers: number;
  /** RLIMIT_NOFILE of the bal that runs, else of this process. */
  readonly openFiles: number;
  readonly isOfDaemon: boolean;
};

export function checkCapacity(config: Config, capacity: Capacity): readonly Finding[] {
  return [...checkOpenFiles(config, capacity), ...checkMemory(config), ...checkCpus(config)];
}

function checkOpenFiles(
  config: Config,
  { workers, openFiles, isOfDaemon }: Capacity,
): readonly Finding[] {
  const found = new Findings("open-files");
  const { maxConnections } = config.limits;
  const room = connectionsByFileLimit(config, workers, openFiles);
  const limit = `${isOfDaemon ? "the running bal's" : "the"} open-file limit of ${openFiles}`;
  const raise = (files: number) =>
    `raise it to ${files}: ulimit -n, or LimitNOFILE=${files} in a systemd unit`;
  if (maxConnections !== "auto" && maxConnections > room) {
    found.advise(
      `limits.max_connections is ${maxConnections}, but ${limit} allows only ${room}`,
      raise(openFiles + 2 * (maxConnections - room)),
    );
  } else if (maxConnections === "auto" && room < FEW_CONNECTIONS) {
    found.advise(`${limit} leaves room for ${room} connections`, raise(65_536));
  }
  return found.okUnlessOther(`${limit} leaves room for ${room} connections`).all;
}

function checkMemory(config: Config): readonly Finding[] {
  const found = new Findings("memory");
  const [buffered, memory] = [bufferedCeiling(config), usableMemory()];
  if (buffered > memory / 2) {
    found.advise(
      `slow readers may hold ${rounded(buffered)} of the ${rounded(memory)} that bal may use`,
      `set limits.max_buffered to ${rounded(memory / 4)}`,
    );
  }
  return found.okUnlessOther(
    `${rounded(memory)}, of which slow readers may hold ${rounded(buffered)}`,
  ).all;
}

function checkCpus(config: Config): readonly Finding[] {
  const found = new Findings("cpus");
  const cpus = usableCpus();
  if (config.workers !== "auto" && config.workers > cpus) {
    found.advise(
      `${config.workers} workers share ${cpus === 1 ? "one CPU" : `${cpus} CPUs`}`,
      "write workers: auto",
    );
  }
  return found.okUnlessOther(cpus === 1 ? "1 CPU" : `${cpus} CPUs`).all;
}

function rounded(bytes: number): string {
  return formatSize(Math.floor(bytes / 1024 ** 2) * 1024 ** 2);
}
