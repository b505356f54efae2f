// How a session ended: who, in which phase, why. One table for counters, logs and the docs.

/** Two letters (who, where) and a word, as logs and metrics show them. */
type EndReason = { readonly code: string; readonly reason: string };

const table = {
  finished: ["--", "finished"],
  clientGonePreread: ["CP", "client_gone"],
  clientGoneQueue: ["CQ", "client_gone"],
  clientGoneDial: ["CD", "client_gone"],
  clientReset: ["CR", "client_reset"],
  clientResetHalfClosed: ["CH", "client_reset"],
  dialFailed: ["BD", "dial_failed"],
  backendReset: ["BR", "backend_reset"],
  backendResetHalfClosed: ["BH", "backend_reset"],
  prereadTimeout: ["TP", "preread_timeout"],
  queueTimeout: ["TQ", "queue_timeout"],
  dialTimeout: ["TD", "dial_timeout"],
  idleTimeout: ["TR", "idle_timeout"],
  maxLifetime: ["TR", "max_lifetime"],
  halfClosedTimeout: ["TH", "half_closed_timeout"],
  denied: ["PA", "denied"],
  limitGlobal: ["PA", "limit_global"],
  limitListener: ["PA", "limit_listener"],
  limitClient: ["PA", "limit_client"],
  rateListener: ["PA", "rate_listener"],
  rateClient: ["PA", "rate_client"],
  badProxyHeader: ["PP", "bad_proxy_header"],
  untrustedProxyHeader: ["PP", "untrusted_proxy_header"],
  badClientHello: ["PP", "bad_client_hello"],
  noRoute: ["PP", "no_route"],
  queueFull: ["PQ", "queue_full"],
  noBackend: ["PD", "no_backend"],
  maxBuffered: ["PR", "max_buffered"],
  backendDown: ["PR", "backend_down"],
  shutdown: ["PR", "shutdown"],
  fault: ["PR", "fault"],
  killed: ["KR", "killed"],
} as const satisfies Record<string, readonly [string, string]>;

export type End = keyof typeof table;

/** Every end, in the order of its counter on the board. */
export const ENDS = Object.keys(table) as readonly End[];

/** The place of each end's counter in a listener's row. */
export const END_INDEX = Object.fromEntries(ENDS.map((end, index) => [end, index])) as Readonly<
  Record<End, number>
>;

export function endReason(end: End): EndReason {
  const [code, reason] = table[end];
  return { code, reason };
}

/** Is it an end at which bal and its backend have done nothing wrong? It finished, or its client reset it, as
 *  browsers and pools do, once it was relayed. */
export function isOrdinary(end: End): boolean {
  return end === "finished" || end === "clientReset" || end === "clientResetHalfClosed";
}

/** Refused before the relay by bal's own limit or policy: PA, PP, PQ, PD. */
export function isRefusal(end: End): boolean {
  const [who, where] = table[end][0];
  return who === "P" && where !== "R";
}
