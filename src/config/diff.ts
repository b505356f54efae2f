// The changes that a reload makes, as data: the same for `bal graceful`, `bal diff` and the log.

import type { Change } from "./change.ts";
import type {
  AdminConfig,
  BackendConfig,
  Config,
  ListenerConfig,
  PoolConfig,
  SessionTimeouts,
} from "./config.ts";
import {
  asWritten,
  backendAsWritten,
  listenerAsWritten,
  poolAsWritten,
  sessionTimeouts,
  type Written,
} from "./serialize.ts";
import { HIDDEN, healthCheck } from "./serialize-health.ts";

export function diffConfigs(from: Config, to: Config): readonly Change[] {
  return [
    ...diffTrees(treeOf(from), treeOf(to), ""),
    ...to.pools.flatMap((pool) => diffOrder(from, pool)),
    ...to.pools.flatMap((pool) => diffHidden(from, pool)),
    ...diffTokens(from.admin, to.admin),
  ];
}

function diffTrees(from: Written, to: Written, path: string): readonly Change[] {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key): readonly Change[] => {
    const at = path === "" ? key : `${path}.${key}`;
    // A pool may be called `constructor`.
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    const after = Object.hasOwn(to, key) ? to[key] : undefined;
    if (before === undefined) return [{ kind: "added", path: at, from: null, to: after }];
    if (after === undefined) return [{ kind: "removed", path: at, from: before, to: null }];
    if (isTree(before) && isTree(after)) return diffTrees(before, after, at);
    const isSame = Bun.deepEquals(before, after);
    return isSame ? [] : [{ kind: "changed", path: at, from: before, to: after }];
  });
}

function isTree(value: unknown): value is Written {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Trees have their backends by name: that they stand in another order means something to one method.
function diffOrder(from: Config, pool: PoolConfig): readonly Change[] {
  const before = from.pools.find(({ name }) => name === pool.name)?.backends ?? [];
  if (pool.method !== "first") return [];
  const kept = before.map(({ name }) => name).filter((name) => hasBackend(pool.backends, name));
  const order = pool.backends.map(({ name }) => name).filter((name) => hasBackend(before, name));
  if (Bun.deepEquals(kept, order)) return [];
  return [{ kind: "changed", path: `pools.${pool.name}.backends`, from: kept, to: order }];
}

function hasBackend(backends: readonly BackendConfig[], name: string): boolean {
  return backends.some((backend) => backend.name === name);
}

// Another one looks like the one before.
function diffTokens(from: AdminConfig, to: AdminConfig): readonly Change[] {
  if (from.token === null || to.token === null || from.token === to.token) return [];
  if ((from.tokenFile === null) !== (to.tokenFile === null)) return [];
  return [{ kind: "changed", path: "admin.token", from: HIDDEN, to: HIDDEN }];
}

// Hidden values of a check look the same before and after.
function diffHidden(from: Config, pool: PoolConfig): readonly Change[] {
  const before = from.pools.find(({ name }) => name === pool.name);
  if (before === undefined) return [];
  const isSame = Bun.deepEquals(before.healthCheck, pool.healthCheck);
  const isSeen = !Bun.deepEquals(healthCheck(before.healthCheck), healthCheck(pool.healthCheck));
  if (isSame || isSeen) return [];
  const path = `pools.${pool.name}.health_check`;
  return [{ kind: "changed", path, from: HIDDEN, to: HIDDEN }];
}

// As it is written, but with things in lists under their names.
function treeOf(config: Config): Written {
  return {
    ...asWritten(config),
    listeners: byName(config.listeners, (listener) => listenerTree(listener, config.timeouts)),
    pools: byName(config.pools, poolTree),
  };
}

// A listener with only its own timeouts: a change of a global one is one change.
function listenerTree(listener: ListenerConfig, global: SessionTimeouts): Written {
  const { name, ...tree } = listenerAsWritten(listener);
  const inherited = sessionTimeouts(global);
  const own = Object.entries(sessionTimeouts(listener.timeouts)).filter(
    ([key, value]) => value !== inherited[key],
  );
  return { ...tree, timeouts: Object.fromEntries(own) };
}

function poolTree(pool: PoolConfig): Written {
  const backends = byName(pool.backends, (backend) => backendTree(backend, pool));
  return { ...poolAsWritten(pool), backends };
}

// Its own header only where it is another than the pool's: a change of that one is one change.
function backendTree(backend: BackendConfig, pool: PoolConfig): Written {
  const { name, proxy_protocol, ...tree } = backendAsWritten(backend);
  return Bun.deepEquals(backend.proxyProtocol, pool.proxyProtocol)
    ? tree
    : { ...tree, proxy_protocol };
}

function byName<T extends { readonly name: string }>(
  items: readonly T[],
  tree: (item: T) => Written,
): Written {
  return Object.fromEntries(items.map((item) => [item.name, tree(item)]));
}
