// Puts the ClientHello together from the TLS records that it came in (RFC 8446, section 5.1), and
// checks these as servers do: by type and major version, but not by the minor one, which "MUST be
// ignored for all purposes".

/** Bytes of a hello, its record headers included, that are looked at. */
export const MAX_HELLO_BYTES = 16 * 1024;

export type NeedMore = {
  readonly kind: "need-more";
  /** How many there must be in all before it is worth another try. */
  readonly bytes: number;
};
export type Invalid = { readonly kind: "invalid"; readonly reason: string };
/** The first bytes are not those of a TLS client. */
export type NoTls = { readonly kind: "no-tls"; readonly reason: string };
type Assembly = NeedMore | NoTls | Invalid | { readonly kind: "found"; readonly body: Uint8Array };

const RECORD_HEADER_BYTES = 5;
const MAX_FRAGMENT_BYTES = 1 << 14;
const HANDSHAKE = 22;
const MESSAGE_HEADER_BYTES = 4;
const CLIENT_HELLO = 1;
// Version, random, no session id, one cipher suite, one compression method, no extensions.
const SMALLEST_BODY_BYTES = 2 + 32 + 1 + 4 + 2;

/** The hello's body, without the message's header. What follows the hello is not looked at. */
export function assembleHello(bytes: Uint8Array): Assembly {
  const fragments: Uint8Array[] = [];
  const head: number[] = [];
  let missing = MESSAGE_HEADER_BYTES + SMALLEST_BODY_BYTES;
  for (let at = 0; ; ) {
    const other = judgeProtocol(bytes, at);
    if (other !== null) return at === 0 ? { kind: "no-tls", reason: other } : invalid(other);
    const wrongRecord = judgeRecord(bytes, at);
    if (wrongRecord !== null) return invalid(wrongRecord);
    const start = at + RECORD_HEADER_BYTES;
    // The first bytes count singly: most of what isn't TLS shows in them. After them a try waits
    // for the least that the rest can be, or else tiny records would cost quadratic time.
    if (bytes.length < start) return needMore(isWhole(head) ? start + missing : bytes.length + 1);

    const end = start + number16(bytes, at + 3);
    const fragment = bytes.subarray(start, end);
    const wasWhole = isWhole(head);
    head.push(...fragment.subarray(0, MESSAGE_HEADER_BYTES - head.length));
    const wrongMessage = judgeMessage(head);
    if (wrongMessage !== null) return invalid(wrongMessage);
    if (isWhole(head) && !wasWhole) missing = messageBytes(head) - lengthOf(fragments);

    const least = start + missing + (end < start + missing ? RECORD_HEADER_BYTES : 0);
    if (least > MAX_HELLO_BYTES) return invalid("a hello of over 16 KiB");
    fragments.push(fragment.subarray(0, missing));
    if (fragment.length >= missing) return { kind: "found", body: bodyOf(fragments) };
    if (bytes.length < end) return needMore(isWhole(head) ? least : bytes.length + 1);
    missing -= fragment.length;
    at = end;
  }
}

/** Why this is no record of a handshake, by as much of its header as is there. */
function judgeProtocol(bytes: Uint8Array, at: number): string | null {
  const type = bytes[at] ?? HANDSHAKE;
  const major = bytes[at + 1] ?? 3;
  if (type !== HANDSHAKE) return `not a TLS handshake: a record's first byte is ${hex(type)}`;
  if (major !== 3) return `not TLS: a record's version begins with ${hex(major)}`;
  return null;
}

/** The fault of a record's header, once it is there; null: none. */
function judgeRecord(bytes: Uint8Array, at: number): string | null {
  if (bytes.length < at + RECORD_HEADER_BYTES) return null;
  const length = number16(bytes, at + 3);
  if (length === 0) return "an empty record"; // "MUST NOT send zero-length fragments"
  return length > MAX_FRAGMENT_BYTES ? "a record of over 16 KiB" : null;
}

/** The fault of as much of the message's header as is there; null: none. */
function judgeMessage(head: readonly number[]): string | null {
  const [type = CLIENT_HELLO] = head;
  if (type !== CLIENT_HELLO) return `not a ClientHello: a handshake message of type ${type}`;
  if (!isWhole(head)) return null;
  const least = MESSAGE_HEADER_BYTES + SMALLEST_BODY_BYTES;
  return messageBytes(head) < least ? "a hello too short to be one" : null;
}

function isWhole(head: readonly number[]): boolean {
  return head.length === MESSAGE_HEADER_BYTES;
}

/** The header included. */
function messageBytes([, high = 0, middle = 0, low = 0]: readonly number[]): number {
  return MESSAGE_HEADER_BYTES + ((high << 16) | (middle << 8) | low);
}

function bodyOf(fragments: readonly Uint8Array[]): Uint8Array {
  const [only] = fragments;
  const message = fragments.length === 1 && only !== undefined ? only : concat(fragments);
  return message.subarray(MESSAGE_HEADER_BYTES);
}

function concat(fragments: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(lengthOf(fragments));
  let at = 0;
  for (const fragment of fragments) {
    whole.set(fragment, at);
    at += fragment.length;
  }
  return whole;
}

function lengthOf(fragments: readonly Uint8Array[]): number {
  return fragments.reduce((sum, { length }) => sum + length, 0);
}

function number16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

function needMore(bytes: number): NeedMore {
  return { kind: "need-more", bytes };
}

function invalid(reason: string): Invalid {
  return { kind: "invalid", reason };
}
