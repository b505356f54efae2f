// Names that are looked up: what of `resolver` and a pool's `discover` is no single value's mistake.
import { formatHostPort, parseIp } from "../../base/address.ts";
import { formatDuration } from "../../base/units.ts";
import type { WrittenConfig, WrittenPool, WrittenResolver } from "../read/raw-config.ts";
import type { Report } from "../report.ts";

/** Above it a server that has gone is dialled for minutes. */
const MAX_INTERVAL_MS = 300_000;

export function validateDiscovery(written: WrittenConfig, report: Report): void {
  for (const [name, pool] of Object.entries(written.pools ?? {})) {
    if (pool?.discover !== undefined) validateDiscover(`pools.${name}`, pool, report);
  }
  if (written.resolver !== undefined) validateResolver(written, written.resolver, report);
}

function validateDiscover(
  pool: string,
  { discover = {}, backends = [] }: WrittenPool,
  report: Report,
) {
  const path = `${pool}.discover`;
  const { srv, dns } = discover;
  const [hasSrv, hasDns, hasPort] = ["srv", "dns", "port"].map((key) =>
    report.has(`${path}.${key}`),
  );
  if (hasSrv && hasDns) {
    const message = "`srv` and `dns` cannot be used together: a pool has one of them";
    report.error(`${path}.dns`, { code: "mixed-forms", message });
  } else if (!hasSrv && !hasDns) {
    // An unknown key is what was meant to name it.
    if (report.errors.some((error) => error.path.startsWith(`${path}.`))) return;
    const message = "the name is missing: write `srv: NAME`, or `dns: NAME` with `port`";
    report.error(path, { code: "missing-key", message });
  } else if (hasDns && !hasPort) {
    const message = "`port` is missing: addresses in DNS have none";
    report.error(path, { code: "missing-key", message });
  }
  if (hasSrv && hasPort && !hasDns) {
    const message = "`port` is not used: SRV records have their own";
    report.warn(`${path}.port`, { code: "unused-key", message });
  }
  if (dns !== undefined && /^_[^.]+\._/.test(dns)) {
    const message = `${dns} looks like the name of SRV records`;
    report.warn(`${path}.dns`, { code: "srv-name", message, hint: `write srv: ${dns}` });
  }
  const weighted = backends.findIndex((backend) => backend?.weight !== undefined);
  if (weighted < 0) return;
  const others = srv === undefined ? "1" : "what their SRV records say, scaled into 1 to 256";
  const message = `this weight is relative to those of discovered backends: ${others}`;
  report.warn(`${pool}.backends[${weighted}].weight`, { code: "mixed-weights", message });
}

function validateResolver(
  written: WrittenConfig,
  { servers = [], interval }: WrittenResolver,
  report: Report,
): void {
  if (interval !== undefined && interval > MAX_INTERVAL_MS) {
    const message = `bal may use a removed server for up to ${formatDuration(interval)} longer`;
    const hint = "10s is the default";
    report.warn("resolver.interval", { code: "long-interval", message, hint });
  }
  const seen = new Map<string, number>();
  for (const [index, server] of servers.entries()) {
    if (server === undefined) continue;
    const key = formatHostPort(server.ip, server.port);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else {
      const message = `${key} is already in the list, as resolver.servers[${first}]`;
      report.warn(`resolver.servers[${index}]`, { code: "duplicate-server", message });
    }
  }
  if (servers.length > 0 && !looksUp(written)) {
    const message = "`servers` is not used: every backend is an address";
    report.warn("resolver.servers", { code: "unused-key", message });
  }
}

function looksUp({ backends = [], pools = {} }: WrittenConfig): boolean {
  const all = [{ backends, discover: undefined }, ...Object.values(pools)];
  return all.some((pool) => {
    if (pool?.discover !== undefined) return true;
    const hosts = pool?.backends?.flatMap((backend) => backend?.host ?? []) ?? [];
    return hosts.some((host) => parseIp(host) === null);
  });
}
