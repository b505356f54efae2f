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
  const head = new MessageHead();
  let missing = MESSAGE_HEADER_BYTES + SMALLEST_BODY_BYTES;
  let assembled = 0;
  for (let at = 0; ; ) {
    const other = judgeProtocol(bytes, at);
    if (other !== null) return at === 0 ? { kind: "no-tls", reason: other } : invalid(other);
    const wrongRecord = judgeRecord(bytes, at);
    if (wrongRecord !== null) return invalid(wrongRecord);
    const start = at + RECORD_HEADER_BYTES;
    // The first bytes count singly: most of what isn't TLS shows in them. After them a try waits
    // for the least that the rest can be, or else tiny records would cost quadratic time.
    if (bytes.length < start) return needMore(head.isWhole ? start + missing : bytes.length + 1);

    const end = start + number16(bytes, at + 3);
    const fragment = bytes.subarray(start, end);
    const wasWhole = head.isWhole;
    if (!wasWhole) head.read(fragment);
    const wrongMessage = head.judge();
    if (wrongMessage !== null) return invalid(wrongMessage);
    if (head.isWhole && !wasWhole) missing = head.messageBytes - assembled;

    const least = start + missing + (end < start + missing ? RECORD_HEADER_BYTES : 0);
    if (least > MAX_HELLO_BYTES) return invalid("a ClientHello of over 16 KiB");
    const isLast = fragment.length >= missing;
    fragments.push(fragment.length > missing ? fragment.subarray(0, missing) : fragment);
    if (isLast) return { kind: "found", body: bodyOf(fragments) };
    if (bytes.length < end) return needMore(head.isWhole ? least : bytes.length + 1);
    missing -= fragment.length;
    assembled += fragment.length;
    at = end;
  }
}

/** The first bytes of the message: its type, and its length. */
class MessageHead {
  private count = 0;
  private type = CLIENT_HELLO;
  private length = 0;

  get isWhole(): boolean {
    return this.count === MESSAGE_HEADER_BYTES;
  }

  /** The header included. */
  get messageBytes(): number {
    return MESSAGE_HEADER_BYTES + this.length;
  }

  /** Takes those that it has not yet from the message's next fragment. */
  read(fragment: Uint8Array): void {
    for (let at = 0; at < fragment.length && !this.isWhole; at++) {
      const byte = fragment[at] ?? 0;
      if (this.count++ === 0) this.type = byte;
      else this.length = (this.length << 8) | byte;
    }
  }

  /** Its fault, as far as it is there; null: none. */
  judge(): string | null {
    if (this.type !== CLIENT_HELLO)
      return `not a ClientHello: a handshake message of type ${this.type}`;
    const isShort = this.isWhole && this.length < SMALLEST_BODY_BYTES;
    return isShort ? "a ClientHello that is too short" : null;
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

function bodyOf(fragments: readonly Uint8Array[]): Uint8Array {
  const message = (fragments.length === 1 ? fragments[0] : undefined) ?? concat(fragments);
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
