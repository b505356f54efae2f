// The ClientHello of a TLS client, read from its first flight before anything is answered: the name of
// the server and the protocols. Nothing is decrypted; of an encrypted hello (ECH) it is the outer
// one. Pure, and without memory: called again with all bytes when there are more.
import { assembleHello, type Invalid, type NeedMore, type NoTls } from "./hello-records.ts";
import { Reader } from "./reader.ts";
import { readServerName } from "./server-name.ts";

export { MAX_HELLO_BYTES } from "./hello-records.ts";

export type ClientHello = {
  /** In lower case; null: it names none. It need not be a hostname. */
  readonly sni: string | null;
  /** In the client's order, a character per byte; empty: it offers none. */
  readonly alpn: readonly string[];
};

/** Stands in place of the hello of a client that speaks no TLS. */
export const NO_HELLO: ClientHello = { sni: null, alpn: [] };

type HelloVerdict =
  | NeedMore
  | NoTls
  | Invalid
  | { readonly kind: "found"; readonly hello: ClientHello };

export function parseClientHello(bytes: Uint8Array): HelloVerdict {
  const assembly = assembleHello(bytes);
  return assembly.kind === "found" ? readHello(assembly.body) : assembly;
}

/** RFC 8446, section 4.1.2, which is RFC 5246, section 7.4.1.2, with other words. */
function readHello(body: Uint8Array): HelloVerdict {
  const reader = new Reader(body);
  reader.skip(2 + 32); // Version and random; the real versions are in an extension.
  const sessionIdBytes = reader.skipVector(1);
  const cipherSuiteBytes = reader.skipVector(2);
  const compressions = reader.skipVector(1);
  // Clients without any extension leave out their length too.
  const extensions = reader.isAtEnd ? body.subarray(body.length) : reader.vector(2);
  if (reader.overran || !reader.isAtEnd) return invalid("lengths that do not add up");
  if (sessionIdBytes > 32) return invalid("a session id of over 32 bytes");
  if (cipherSuiteBytes === 0 || cipherSuiteBytes % 2 === 1) {
    return invalid("an impossible list of cipher suites");
  }
  if (compressions === 0) return invalid("no compression method");
  return readExtensions(extensions);
}

const SERVER_NAME = 0;
const ALPN = 16;

function readExtensions(bytes: Uint8Array): HelloVerdict {
  const reader = new Reader(bytes);
  let serverName: Uint8Array | null = null;
  let offered: Uint8Array | null = null;
  while (!reader.isAtEnd) {
    const type = reader.number(2);
    const length = reader.number(2);
    // RFC 8446, section 4.2. Which of the two a backend would take is anybody's guess.
    const isTwice =
      (type === SERVER_NAME && serverName !== null) || (type === ALPN && offered !== null);
    if (type === SERVER_NAME) serverName = reader.take(length);
    else if (type === ALPN) offered = reader.take(length);
    else reader.skip(length);
    if (reader.overran) return invalid("lengths of extensions that do not add up");
    if (isTwice) return invalid(`extension ${type} twice`);
  }
  const sni = serverName === null ? null : readServerName(serverName);
  if (sni !== null && typeof sni !== "string") return invalid(sni.wrong);
  const alpn = offered === null ? [] : readProtocols(offered);
  if (alpn === null) return invalid("an impossible list of protocols");
  return { kind: "found", hello: { sni, alpn } };
}

/** RFC 7301, section 3.1: neither the list nor a name may be empty. */
function readProtocols(extension: Uint8Array): readonly string[] | null {
  const outer = new Reader(extension);
  const list = new Reader(outer.vector(2));
  if (outer.overran || !outer.isAtEnd || list.isAtEnd) return null;
  const protocols: string[] = [];
  while (!list.isAtEnd) {
    const name = list.vector(1);
    if (list.overran || name.length === 0) return null;
    protocols.push(textOf(name));
  }
  return protocols;
}

/** A character per byte. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

function invalid(reason: string): Invalid {
  return { kind: "invalid", reason };
}
