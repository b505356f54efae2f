// The faults of listeners that no single value shows: names that are taken, missing pools, routes that no
// client could take.

import type { WrittenConfig, WrittenListener, WrittenRoute } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { suggest } from "../suggest.ts";

export function validateListeners(written: WrittenConfig, report: Report): void {
  const names = new Map<string, string>();
  const used = new Set<string>();
  let isWhole = written.listeners !== undefined;
  const named = Object.keys(written.pools ?? {});
  // Without any pool that is the mistake, and not their names.
  const pools = named.length === 0 ? null : named;
  for (const [index, listener] of (written.listeners ?? []).entries()) {
    const path = `listeners[${index}]`;
    const { name } = listener ?? {};
    if (name !== undefined) unique(report, names, name, `${path}.name`);
    validateRoutes(listener ?? {}, path, report);
    for (const target of targetsOf(listener ?? {}, path)) {
      used.add(target.pool);
      if (pools === null || pools.includes(target.pool)) continue;
      unknownPool(target, pools, report);
      isWhole = false;
    }
    if (!hasTargets(listener ?? {})) isWhole = false;
  }
  // It may be the one that a wrong name, or a wrong key, was meant to be.
  if (!isWhole) return;
  for (const pool of pools ?? []) {
    if (used.has(pool)) continue;
    report.warn(`pools.${pool}`, {
      code: "unused-pool",
      message: `no listener uses pool \`${pool}\``,
    });
  }
}

export type Target = { readonly pool: string; readonly path: string };

/** Every pool that its clients may go to, and where that is said. */
export function targetsOf({ pool, routes = [] }: WrittenListener, path: string): readonly Target[] {
  const routed = routes.map((route, index) => ({
    pool: route?.pool,
    path: `${path}.routes[${index}].pool`,
  }));
  return [{ pool, path: `${path}.pool` }, ...routed].filter(
    (target): target is Target => target.pool !== undefined,
  );
}

/** Does it, or each of its routes, say where clients go? */
function hasTargets({ pool, routes }: WrittenListener): boolean {
  if (routes === undefined) return pool !== undefined;
  return routes.every((route) => route?.pool !== undefined || route?.refuse === true);
}

function unknownPool({ pool, path }: Target, pools: readonly string[], report: Report): void {
  const near = suggest(pool, pools);
  report.error(path, {
    code: "unknown-pool",
    message: `there is no pool \`${pool}\`; there is ${pools.join(", ")}`,
    hint: near === null ? null : `did you mean \`${near}\`?`,
  });
}

function validateRoutes({ routes }: WrittenListener, path: string, report: Report): void {
  if (report.has(`${path}.pool`) && report.has(`${path}.routes`)) {
    const message = "`pool` and `routes` cannot be used together: a listener has one of them";
    const hint = "for all other clients, write the route {default: true, pool: …}";
    report.error(`${path}.pool`, { code: "mixed-forms", message, hint });
  }
  if (routes?.length === 0) {
    const message = "the list is empty, so every client would be refused";
    report.error(`${path}.routes`, { code: "empty-list", message });
  }
  const seen = new Map<string, string>();
  for (const [index, route] of (routes ?? []).entries()) {
    if (route !== undefined) validateRoute(route, { at: `${path}.routes[${index}]`, seen }, report);
  }
}

const CONDITIONS = ["sni", "alpn", "default", "tls"] as const;

type RoutePlace = {
  readonly at: string;
  /** The matches of the routes before it, each with its place. */
  readonly seen: Map<string, string>;
};

function validateRoute(route: WrittenRoute, { at, seen }: RoutePlace, report: Report): void {
  const conditions = CONDITIONS.filter((key) => report.has(`${at}.${key}`));
  if (conditions.length !== 1) {
    const found = conditions.length === 0 ? "none" : conditions.join(" and ");
    const message = `a route has one of sni, alpn, default and tls; found ${found}`;
    report.error(at, { code: conditions.length === 0 ? "missing-key" : "mixed-forms", message });
  }
  const targets = ["pool", "refuse"].filter((key) => report.has(`${at}.${key}`));
  const isNamed = report.has(`${at}.default`) && route.default === undefined;
  if (targets.length !== 1 && !isNamed) {
    const message = "a route has either `pool: NAME` or `refuse: true`";
    report.error(at, { code: targets.length === 0 ? "missing-key" : "mixed-forms", message });
  }
  for (const key of ["default", "refuse"] as const) {
    if (route[key] !== false) continue;
    const message = `\`${key}: false\` has no effect; leave it out, or write true`;
    report.error(`${at}.${key}`, { code: "not-allowed", message });
  }
  if (route.tls === true) {
    const message = "`tls: true` has no effect: all other routes are for TLS clients";
    const hint =
      "write default: true for all other TLS clients, or tls: false for clients that do not speak TLS";
    report.error(`${at}.tls`, { code: "not-allowed", message, hint });
  }
  validateWords(route, { at, seen }, report);
}

function validateWords(
  { sni, alpn, default: isDefault, tls }: WrittenRoute,
  { at, seen }: RoutePlace,
  report: Report,
): void {
  const single = {
    default: isDefault === true ? ["true"] : undefined,
    tls: tls === false ? ["false"] : undefined,
  };
  const lists = { sni, alpn, ...single };
  for (const [key, words] of Object.entries(lists)) {
    if (words?.length === 0) {
      report.error(`${at}.${key}`, { code: "empty-list", message: "the list is empty" });
    }
    for (const [index, word] of (words ?? []).entries()) {
      if (word === undefined) continue;
      const path = key in single ? `${at}.${key}` : `${at}.${key}[${index}]`;
      const first = seen.get(`${key} ${word}`);
      if (first === undefined) seen.set(`${key} ${word}`, path);
      else {
        const message = `${key} ${word} is already routed by ${first}`;
        report.error(path, { code: "duplicate-route", message });
      }
    }
  }
}

function unique(report: Report, seen: Map<string, string>, name: string, path: string): void {
  const first = seen.get(name);
  if (first === undefined) seen.set(name, path);
  else {
    const message = `the name ${name} is already used by ${first}`;
    report.error(path, { code: "duplicate-name", message });
  }
}
