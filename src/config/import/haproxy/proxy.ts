// `send-proxy` and its kin → `proxy_protocol` of a pool or of its backends.
import type { Notebook } from "../draft/note.ts";
import { isSame, type Traced, traced, type Value } from "../draft/traced.ts";
import type { Server } from "./server.ts";
import type { Option } from "./server-options.ts";

type Proxy = {
  /** The keys of the pool. */
  readonly keys: Readonly<Record<string, Value>>;
  /** Where a pool's servers differ. */
  readonly own: ReadonlyMap<Server, Traced>;
};

export function proxyOf(servers: readonly Server[], notes: Notebook): Proxy {
  const headers = new Map(servers.map((server) => [server, headerOf(server, notes)]));
  const values = [...headers.values()];
  const [first = null] = values;
  for (const { options } of servers) {
    const tls = options.get("ssl");
    if (tls !== undefined) {
      notes.lost(
        tls.quote,
        "HAProxy speaks TLS to this server; bal passes on what the client sends, so the client has to speak TLS",
      );
    }
  }
  if (first !== null && values.every((one) => one !== null && isSame(one, first))) {
    const lines = values.flatMap((one) => one?.from ?? []);
    return { keys: { proxy_protocol: traced(first.value, ...lines) }, own: new Map() };
  }
  const own = new Map<Server, Traced>();
  for (const [server, header] of headers) if (header !== null) own.set(server, header);
  return { keys: {}, own };
}

const TLVS: Readonly<Record<string, string>> = {
  authority: "authority",
  crc32c: "crc32c",
  "unique-id": "unique_id",
};

function headerOf({ options }: Server, notes: Notebook): Traced | null {
  const v2 = ["send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn"].flatMap(
    (name) => options.get(name) ?? [],
  );
  const [second] = v2;
  if (second === undefined) {
    const first = options.get("send-proxy");
    return first === undefined ? null : traced("v1", first.quote);
  }
  if (second.words[0] !== "send-proxy-v2") noteTls(second, notes);
  const wanted = options.get("proxy-v2-options");
  if (wanted === undefined) return traced("v2", second.quote);
  const words = (wanted.words[1] ?? "").split(",");
  const tlvs = words.flatMap((word) => TLVS[word] ?? []);
  if (tlvs.length < words.length) noteTls(wanted, notes);
  return tlvs.length === 0
    ? traced("v2", second.quote)
    : traced({ version: "v2", tlvs }, second.quote, wanted.quote);
}

function noteTls({ quote }: Option, notes: Notebook): void {
  notes.lost(
    quote,
    "bal does not terminate TLS, so it has no certificate to describe; `tlvs: [authority, alpn]` has what the client asks for",
  );
}
