// Who may reach the admin API: what of it is no single value's mistake.
import { formatHostPort, isLoopback, isWildcard } from "../../base/address.ts";
import { hasPort } from "../../base/listen-address.ts";
import type { ListenerConfig } from "../config.ts";
import type { WrittenAdmin } from "../read/raw-config.ts";
import type { Report } from "../report.ts";

/** Shorter ones are guessed in time: nothing slows down who tries. */
const MIN_TOKEN = 16;

export function validateAdmin(
  { listen = null, token = null, token_file = null }: WrittenAdmin,
  listeners: readonly ListenerConfig[],
  report: Report,
): void {
  const hasToken = token !== null || token_file !== null;
  if (listen !== null) validateListen(listen, { hasToken, listeners, report });
  if (token !== null && token_file !== null) {
    const message = "`token_file` is not used, because `token` is set";
    report.warn("admin.token_file", { code: "unused-key", message });
  }
  if (token !== null && token.length < MIN_TOKEN) {
    const message = `a token of ${token.length} characters can be guessed`;
    const hint = "`openssl rand -hex 32` creates a good one";
    report.warn("admin.token", { code: "short-token", message, hint });
  }
  if (hasToken && listen === null) {
    const message = "the token is not used without `listen`: the unix socket needs none";
    const key = token !== null ? "token" : "token_file";
    report.warn(`admin.${key}`, { code: "unused-key", message });
  }
}

type Surroundings = {
  readonly hasToken: boolean;
  readonly listeners: readonly ListenerConfig[];
  readonly report: Report;
};

function validateListen(
  { ip, port }: NonNullable<WrittenAdmin["listen"]>,
  { hasToken, listeners, report }: Surroundings,
): void {
  const address = formatHostPort(ip, port);
  if (!isLoopback(ip) && !hasToken) {
    const message = `other hosts can reach ${address}: it needs \`token\` or \`token_file\``;
    const hint = "write `token`, or listen on 127.0.0.1";
    report.error("admin.listen", { code: "token-required", message, hint });
  }
  const other = listeners.find(
    ({ address: own }) =>
      own.kind === "tcp" &&
      hasPort(own, port) &&
      (own.ip === ip || isWildcard(own.ip) || isWildcard(ip)),
  );
  if (other === undefined) return;
  const message = `address ${address} is already used by listener ${other.name}`;
  report.error("admin.listen", { code: "duplicate-address", message });
}
