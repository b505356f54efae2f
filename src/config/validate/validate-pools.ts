// Keys of a pool that mean nothing beside others.
import type { WrittenConfig, WrittenPool } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { healthCheckOf, layHealthCheck } from "../resolve-health.ts";
import { failsOpen } from "../roles.ts";

export function validatePools({ pools = {}, health_check }: WrittenConfig, report: Report): void {
  for (const [name, pool] of Object.entries(pools)) {
    if (pool === undefined) continue;
    const path = `pools.${name}`;
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

function hasBackup({ backends = [] }: WrittenPool): boolean {
  return backends.some((backend) => backend?.backup === true);
}
