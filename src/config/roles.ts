// Whether a pool's check shows only that a backend is there, or which one is meant: the leader, the
// primary. It decides what becomes of clients while no backend is up.
import type { CheckConfig, PoolConfig } from "./config.ts";

type Checked = Pick<PoolConfig, "failOpen" | "healthCheck">;

/** Its answer may mean "not me": a backend that was not asked yet may be the wrong one. */
export function tellsRole({ healthCheck }: Pick<Checked, "healthCheck">): boolean {
  return healthCheck.checks.some(({ type }) => !isPresenceCheck(type));
}

/** Does a check of this type ask only whether a backend is there? */
export function isPresenceCheck(type: CheckConfig["type"] | "off"): boolean {
  return type === "tcp" || type === "tls" || type === "off";
}

/** While no backend is up, all are tried that do not drain. */
export function failsOpen(pool: Checked): boolean {
  return pool.failOpen === "auto" ? !tellsRole(pool) : pool.failOpen;
}

export function servingRules(pool: Checked) {
  return { failsOpen: failsOpen(pool), tellsRole: tellsRole(pool) };
}
