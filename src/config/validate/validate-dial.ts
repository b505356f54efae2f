// The faults of a pool's own dial settings: times that do not go together, addresses that nothing can come from.
import { isWildcard } from "../../base/address.ts";
import { formatDuration } from "../../base/units.ts";
import type { WrittenConfig, WrittenPool } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { timeoutsOf } from "../resolve.ts";

export function validateDials({ pools = {}, timeouts }: WrittenConfig, report: Report): void {
  const global = timeoutsOf(timeouts);
  for (const [name, pool] of Object.entries(pools)) {
    if (pool === undefined) continue;
    validateTimes(`pools.${name}.timeouts`, { ...global, ...pool.timeouts }, report);
    validateSources(`pools.${name}.source`, pool.source ?? [], report);
  }
}

type Times = { readonly connect: number; readonly connect_total: number };

function validateTimes(path: string, { connect, connect_total }: Times, report: Report): void {
  const key = ["connect_total", "connect"].find((one) => report.has(`${path}.${one}`));
  if (key === undefined || connect_total >= connect) return;
  const message = `connect_total (${formatDuration(connect_total)}) is shorter than connect (${formatDuration(connect)}): after a timeout, bal cannot try a second backend`;
  report.warn(`${path}.${key}`, { code: "short-timeout", message });
}

function validateSources(path: string, source: NonNullable<WrittenPool["source"]>, report: Report) {
  if (source.length === 0 && report.has(path)) {
    const message = "the list is empty";
    report.error(path, {
      code: "empty-list",
      message,
      hint: "leave it out, and the kernel chooses",
    });
  }
  for (const [index, ip] of source.entries()) {
    if (ip === undefined) continue;
    const at = `${path}[${index}]`;
    if (isWildcard(ip)) {
      const message = `${ip} cannot be the source address of a connection`;
      report.error(at, {
        code: "bad-address",
        message,
        hint: "leave `source` out, and the kernel chooses",
      });
    } else if (source.indexOf(ip) < index) {
      const message = `${ip} is already in the list, as ${path}[${source.indexOf(ip)}]`;
      report.warn(at, { code: "duplicate-source", message });
    }
  }
}
