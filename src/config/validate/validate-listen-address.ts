// Where listeners are: addresses that clash, and keys that mean nothing for a unix socket.
import { formatListenAddress, type ListenAddress } from "../../base/listen-address.ts";
import type { WrittenConfig, WrittenListener } from "../read/raw-config.ts";
import type { Report } from "../report.ts";
import { listenAddressOf } from "../resolve.ts";
import { type Target, targetsOf } from "./validate-listeners.ts";

export function validateListenAddresses(
  { listeners = [], pools = {} }: WrittenConfig,
  report: Report,
): void {
  const taken: Place[] = [];
  for (const [index, listener] of listeners.entries()) {
    if (listener === undefined) continue;
    const path = `listeners[${index}]`;
    const { port, unix } = listener;
    validateForm(path, listener, report);
    if (unix !== undefined) validateUnix(path, listener, report);
    if (unix !== undefined && !isAnnounced(listener)) {
      validateUnaddressed(path, listener, report);
      for (const target of targetsOf(listener, path)) {
        if (pools[target.pool]?.method === "source_hash") warnOfHash(target, report);
      }
    }
    if (port === undefined && unix === undefined) continue;
    const key = unix === undefined ? "port" : "unix";
    const place = { path: `${path}.${key}`, address: listenAddressOf(listener) };
    validateClash(place, taken, report);
    taken.push(place);
  }
}

function validateForm(path: string, { unix }: WrittenListener, report: Report): void {
  const has = (key: string) => report.has(`${path}.${key}`);
  const other = ["port", "bind_address"].find(has);
  if (has("unix") && other !== undefined) {
    report.error(`${path}.${other}`, {
      code: "mixed-forms",
      message: `\`unix\` and \`${other}\` cannot be used together: a listener is on a unix socket, or on an address and a port`,
      hint: "leave one of them out",
    });
  }
  if (!has("mode")) return;
  const refuse = (message: string, hint: string) =>
    report.error(`${path}.mode`, { code: "mixed-forms", message, hint });
  if (!has("unix")) refuse("`mode` is only for unix sockets", "leave it out");
  if (unix?.startsWith("@")) {
    const message =
      "a socket in the abstract namespace has no `mode`: every local user may connect";
    refuse(message, "write a path, or leave `mode` out");
  }
}

/** Do its peers say whom their connections come from? */
function isAnnounced({ proxy_protocol }: WrittenListener): boolean {
  return proxy_protocol !== undefined && proxy_protocol.accept !== false;
}

// Here and below, what is as if it were not written may stand there.
function validateUnix(path: string, listener: WrittenListener, report: Report): void {
  const { tcp_fast_open = false, defer_accept = false, proxy_protocol = {} } = listener;
  const refuse = (key: string, message: string, hint: string) =>
    report.error(`${path}.${key}`, { code: "no-address", message, hint });
  if (tcp_fast_open) refuse("tcp_fast_open", "`tcp_fast_open` is only for TCP", "leave it out");
  if (defer_accept) refuse("defer_accept", "`defer_accept` is only for TCP", "leave it out");
  if ((proxy_protocol.trusted ?? []).length === 0) return;
  const message = "peers on a unix socket have no address: every peer that can connect is trusted";
  refuse("proxy_protocol.trusted", message, "`mode` says who may connect");
}

function validateUnaddressed(path: string, listener: WrittenListener, report: Report): void {
  const { allow, deny = [], limits = {} } = listener;
  const addressed = (key: string, hint: string) => {
    const message = "clients of a unix socket have no address";
    report.error(`${path}.${key}`, { code: "no-address", message, hint });
  };
  if (allow !== undefined) addressed("allow", "`mode` says who may connect");
  if (deny.length > 0) addressed("deny", "`mode` says who may connect");
  const { per_client = 0, rate_per_client = 0 } = limits;
  if (per_client > 0)
    addressed("limits.per_client", "`max_connections` limits all clients together");
  if (rate_per_client !== 0 && rate_per_client.count > 0)
    addressed("limits.rate_per_client", "`rate` limits all clients together");
}

function warnOfHash({ path, pool }: Target, report: Report): void {
  const message = `clients of a unix socket have no address, so source_hash of pool ${pool} sends them all to one backend`;
  report.warn(path, { code: "no-address", message });
}

type Place = { readonly path: string; readonly address: ListenAddress };

function validateClash({ path, address }: Place, taken: readonly Place[], report: Report): void {
  for (const other of taken) {
    const shared = sharedBy(address, other.address);
    if (shared === null) continue;
    const message = `address ${shared} is already used by ${other.path}`;
    return report.error(path, { code: "duplicate-address", message });
  }
}

/** The address that both would have; null: none. */
function sharedBy(one: ListenAddress, other: ListenAddress): string | null {
  if (one.kind === "unix") {
    return other.kind === "unix" && one.path === other.path ? formatListenAddress(one) : null;
  }
  if (other.kind === "unix" || one.ip !== other.ip) return null;
  const from = Math.max(one.ports.from, other.ports.from);
  const to = Math.min(one.ports.to, other.ports.to);
  return from > to ? null : formatListenAddress({ ...one, ports: { from, to } });
}
