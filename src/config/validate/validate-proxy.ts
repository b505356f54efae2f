// The faults of the PROXY protocol that no single value shows, towards backends and from peers.

import type {
  WrittenConfig,
  WrittenProxyAccept,
  WrittenProxyProtocol,
} from "../read/raw-config.ts";
import type { Report } from "../report.ts";

export function validateProxyProtocol(written: WrittenConfig, report: Report): void {
  for (const [index, listener] of (written.listeners ?? []).entries()) {
    const { proxy_protocol, unix } = listener ?? {};
    // Every peer of a unix socket is trusted.
    if (proxy_protocol !== undefined && unix === undefined)
      validateAccept(proxy_protocol, `listeners[${index}].proxy_protocol`, report);
  }
  const unread = poolsWithoutHello(written);
  const validateSent = (
    sent: WrittenProxyProtocol | undefined,
    path: string,
    listener?: string,
  ) => {
    if (typeof sent !== "object") return;
    validateTlvs(sent, { path, listener }, report);
  };
  for (const [index, backend] of (written.backends ?? []).entries())
    validateSent(backend?.proxy_protocol, `backends[${index}].proxy_protocol`, "default");
  for (const [name, pool] of Object.entries(written.pools ?? {})) {
    const path = `pools.${name}`;
    validateSent(pool?.proxy_protocol, `${path}.proxy_protocol`, unread.get(name));
    for (const [index, backend] of (pool?.backends ?? []).entries()) {
      const at = `${path}.backends[${index}].proxy_protocol`;
      validateSent(backend?.proxy_protocol, at, unread.get(name));
    }
  }
}

/** The pools whose clients' hello nobody reads, each with the listener that does not. */
function poolsWithoutHello({ listeners = [] }: WrittenConfig): ReadonlyMap<string, string> {
  return new Map(
    listeners.flatMap((listener) =>
      listener?.pool === undefined ? [] : [[listener.pool, listener.name ?? "?"] as const],
    ),
  );
}

function validateAccept(
  { accept, trusted, optional }: WrittenProxyAccept,
  path: string,
  report: Report,
): void {
  if (accept === false) return;
  if (!report.has(`${path}.trusted`)) {
    const message =
      "`trusted` is missing: write the addresses of the proxies in front, such as [10.0.0.0/8]";
    report.error(path, { code: "missing-key", message });
  } else if (trusted?.length === 0 && optional !== true) {
    const message = "the list is empty, so every peer would be refused";
    report.error(`${path}.trusted`, { code: "empty-list", message });
  }
  for (const [index, block] of (trusted ?? []).entries()) {
    if (!block?.endsWith("/0")) continue;
    const message =
      "every client can claim any address, which makes allow, deny, limits and logs useless";
    const hint = "write only the addresses of the proxies in front";
    report.warn(`${path}.trusted[${index}]`, { code: "trusts-everybody", message, hint });
  }
}

type TlvPlace = { readonly path: string; readonly listener: string | undefined };

function validateTlvs(
  { version, tlvs = [] }: Exclude<WrittenProxyProtocol, string>,
  { path, listener }: TlvPlace,
  report: Report,
): void {
  if (version === "v1" && tlvs.length > 0) {
    const message = "a header of version 1 has no `tlvs`";
    report.error(`${path}.tlvs`, { code: "mixed-forms", message, hint: "write version: v2" });
  }
  const fromHello = tlvs.findIndex((tlv) => tlv === "authority" || tlv === "alpn");
  if (fromHello < 0 || listener === undefined) return;
  const message = `listener ${listener} reads no ClientHello, so \`${tlvs[fromHello]}\` is left out for its clients`;
  const hint = "write routes: [{default: true, pool: …}] instead of pool, so that it reads it";
  report.warn(`${path}.tlvs[${fromHello}]`, { code: "unknown-tlv-value", message, hint });
}
