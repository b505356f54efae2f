// Whether a pool's check shows only that a backend is there, or which one is meant: the leader, the
// primary. It decides what becomes of clients while no backend is up.
import type { PoolConfig } from "./config.ts";

type Checked = Pick<PoolConfig, "failOpen" | "healthCheck">;

/** Its answer may mean "not me": a backend that was not asked yet may be the wrong one. */
export function tellsRole({ healthCheck }: Pick<Checked, "healthCheck">): boolean {
  return healthCheck.checks.some(({ type }) => type !== "tcp" && type !== "tls");
}

/** While no backend is up, all are tried that do not drain. */
export function failsOpen(pool: Checked): boolean {
  return pool.failOpen === "auto" ? !tellsRole(pool) : pool.failOpen;
}

export function servingRules(pool: Checked) {
  return { failsOpen: failsOpen(pool), tellsRole: tellsRole(pool) };
}
