// Keys of a pool that mean nothing beside others.
import type { WrittenConfig, WrittenPool } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { healthCheckOf, layHealthCheck } from "../resolve-health.ts";
import { failsOpen } from "../roles.ts";

export function validatePools(written: WrittenConfig, report: Report): void {
  const { pools = {}, health_check, method, backends } = written;
  validateMethod({ ...(method && { method }), ...(backends && { backends }) }, "", report);
  for (const [name, pool] of Object.entries(pools)) {
    if (pool === undefined) continue;
    const path = `pools.${name}`;
    validateMethod(pool, `${path}.`, report);
    const healthCheck = healthCheckOf(layHealthCheck(health_check, pool.health_check));
    const isOpen = failsOpen({ failOpen: pool.fail_open ?? "auto", healthCheck });
    if ((pool.wait ?? 0) > 0 && isOpen) {
      const message =
        "`wait` is not used: while no backend is up, clients are sent to all of them (`fail_open`)";
      const hint = "write fail_open: false, or leave wait out";
      report.warn(`${path}.wait`, { code: "unused-key", message, hint });
    }
    if (pool.on_up === "close_backups" && !hasBackup(pool)) {
      const message = "`on_up: close_backups` is not used: no backend of this pool is a backup";
      report.warn(`${path}.on_up`, { code: "unused-key", message });
    }
  }
}

// Validates the keys that only one of the methods goes by.
function validateMethod(pool: WrittenPool, path: string, report: Report): void {
  const { method = "round_robin", hash, backends = [] } = pool;
  if (hash !== undefined && method !== "source_hash") {
    const message = `\`hash\` is not used: the method of this pool is ${method}`;
    const hint = "write method: source_hash, or leave hash out";
    report.warn(`${path}hash`, { code: "unused-key", message, hint });
  }
  const weighted = backends.findIndex((backend) => (backend?.weight ?? 1) > 1);
  if (method === "first" && weighted >= 0) {
    const message = "`weight` is not used: the method `first` goes by the order of the list";
    report.warn(`${path}backends[${weighted}].weight`, { code: "unused-key", message });
  }
}

function hasBackup({ backends = [] }: WrittenPool): boolean {
  return backends.some((backend) => backend?.backup === true);
}
