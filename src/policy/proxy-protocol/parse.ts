// Reads the PROXY protocol's header that a proxy in front has sent, either version, by HAProxy's
// specification (proxy-protocol.txt; sections below are its). Pure, and without memory: called
// again with all bytes when there are more.
import type { Route } from "./format.ts";
import { parseV1 } from "./parse-v1.ts";
import { parseV2 } from "./parse-v2.ts";

export { MAX_HEADER_BYTES } from "./parse-v2.ts";

export type HeaderVerdict =
  | {
      readonly kind: "need-more";
      /** How many there must be in all before it is worth another try. */
      readonly bytes: number;
    }
  /** These first bytes can't be the start of a header. */
  | { readonly kind: "absent" }
  | {
      readonly kind: "found";
      /** The header's length: the client's own bytes come after. */
      readonly length: number;
      /** Null: LOCAL, UNKNOWN, or not of TCP over IP: the peer itself. */
      readonly route: Route;
    }
  | { readonly kind: "invalid"; readonly reason: string };

const V1 = Uint8Array.from("PROXY", (letter) => letter.charCodeAt(0));
const V2 = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);

export function parseHeader(bytes: Uint8Array): HeaderVerdict {
  const signature = bytes[0] === V1[0] ? V1 : V2;
  const begun = bytes.subarray(0, signature.length);
  if (begun.some((byte, at) => byte !== signature[at])) return { kind: "absent" };
  if (begun.length < signature.length) return { kind: "need-more", bytes: bytes.length + 1 };
  return signature === V1 ? parseV1(bytes) : parseV2(bytes);
}
