// `10.0.0.1:443` and its like → a host and a port, for hints. Reads more than any field allows.
import { isHostname, parseIp } from "../../base/address.ts";

type SplitAddress = {
  /** Null: every address of the host, as in `:443` and `*:443`. */
  readonly host: string | null;
  readonly port: number | null;
};

/** With a scheme before it, or a path behind it, too. Null: it is no address. */
export function splitAddress(text: string): SplitAddress | null {
  const plain = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/\/.*$/, "");
  if (parseIp(plain) !== null) return { host: plain, port: null };
  const [, v6, name = "", digits] =
    /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(plain) ?? [];
  const host = v6 ?? name;
  const port = digits === undefined ? null : Number(digits);
  if (host === "" || host === "*") return port === null ? null : { host: null, port };
  return parseIp(host) !== null || isHostname(host) ? { host, port } : null;
}

/** As a value in YAML. */
export function quoted(host: string): string {
  return host.includes(":") ? `"${host}"` : host;
}

/** A line such as `server web1 10.0.0.1:443 check weight 5` or `10.0.0.1:443 weight=5`, as a backend. */
export function backendFrom(text: string): string | null {
  const words = text.trim().replace(/;$/, "").split(/\s+/);
  const isServer = words[0] === "server";
  const nth = words.findIndex((word, index) => index >= (isServer ? 1 : 0) && isEndpoint(word));
  const address = splitAddress(words[Math.max(nth, 0)] ?? "");
  if (address === null || address.host === null) return null;
  // A host alone is one only where nothing else stands.
  if (nth < 0 && words.length > 1) return null;
  const name = isServer && nth === 2 ? `name: ${words[1]}, ` : "";
  const weight = /\bweight[= ](\d+)/.exec(text)?.[1];
  const rest = [weight && `weight: ${weight}`, /\bbackup\b/.test(text) && "backup: true"].filter(
    Boolean,
  );
  const parts = [`${name}host: ${quoted(address.host)}`, `port: ${address.port ?? 443}`, ...rest];
  return `{${parts.join(", ")}}`;
}

/** Has it a host and a port? */
export function isEndpoint(word: string): boolean {
  const address = splitAddress(word);
  return address !== null && address.host !== null && address.port !== null;
}
