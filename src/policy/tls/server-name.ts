// The name in a hello's server_name extension (RFC 6066, section 3).
//
// A name that servers could read in two ways is refused, so that no backend can read another name in the same
// bytes than the one that was routed by: a second name, an empty one, one of over 255 bytes, one with a
// NUL or another control character. OpenSSL and BoringSSL end the handshake for most of these.
//
// Names that are no hostnames do come: with a leading dot, a space, or letters in UTF-8 where `xn--…` was
// meant. They pass, and no route for a name is for them (isHostnameLike). An IP literal is a name like any
// other, as it is for HAProxy and nginx; no wildcard means it. One trailing dot is cut, as nginx does: it
// is the same name in the DNS.
import { Reader } from "./reader.ts";

const HOST_NAME = 0;
// OpenSSL's TLSEXT_MAXLEN_host_name, and BoringSSL's.
const MAX_NAME_BYTES = 255;

/** @returns in lower case; null: it names none; or what is wrong */
export function readServerName(extension: Uint8Array): string | null | { readonly wrong: string } {
  const outer = new Reader(extension);
  const list = outer.vector(2);
  if (outer.overran || !outer.isAtEnd || list.length === 0) return WRONG_LENGTHS;
  const names = new Reader(list);
  let found: string | null = null;
  while (!names.isAtEnd) {
    const type = names.number(1);
    const name = names.vector(2);
    if (names.overran) return WRONG_LENGTHS;
    // No other type was ever defined; section 3 gives each of them a length of 16 bits as well.
    if (type !== HOST_NAME) continue;
    if (found !== null) return { wrong: "two server names" };
    found = textOf(name);
    if (found === null) return { wrong: "an invalid server name" };
  }
  return found;
}

const WRONG_LENGTHS = { wrong: "lengths in its server names that do not add up" };

function textOf(bytes: Uint8Array): string | null {
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) return null;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte === 0x7f) return null;
  }
  const name = decoder.decode(bytes).toLowerCase();
  return name.length > 1 && name.endsWith(".") ? name.slice(0, -1) : name;
}

// Bytes that are no UTF-8 become U+FFFD.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Visible ASCII in labels of which none is empty. */
export function isHostnameLike(name: string): boolean {
  return /^[!-~]+$/.test(name) && !name.split(".").includes("");
}
