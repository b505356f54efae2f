// ClientHellos byte by byte, right ones and wrong ones.

export const number = (width: number, value: number) =>
  Array.from({ length: width }, (_, i) => (value >> (8 * (width - 1 - i))) & 255);

export const vector = (width: number, bytes: readonly number[]) => [
  ...number(width, bytes.length),
  ...bytes,
];

/** A character per byte. */
export const latin1 = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));

export const extension = (type: number, data: readonly number[]) => [
  ...number(2, type),
  ...vector(2, data),
];

export const serverName = (...names: readonly (readonly number[])[]) =>
  extension(0, vector(2, names.flat()));

export const hostName = (name: string) => [0, ...vector(2, latin1(name))];

export const alpn = (...names: readonly string[]) =>
  extension(
    16,
    vector(
      2,
      names.flatMap((name) => vector(1, latin1(name))),
    ),
  );

type Parts = {
  readonly version?: readonly number[];
  readonly sessionId?: readonly number[];
  readonly suites?: readonly number[];
  readonly compressions?: readonly number[];
  /** Null: not even their length. */
  readonly extensions?: readonly number[] | null;
};

/** A handshake message. */
export function message(parts: Parts = {}): number[] {
  const { version = [3, 3], sessionId = [], suites = [0x13, 0x01] } = parts;
  const { compressions = [0], extensions = [] } = parts;
  const body = [...version, ...Array(32).fill(7), ...vector(1, sessionId)];
  body.push(...vector(2, suites), ...vector(1, compressions));
  if (extensions !== null) body.push(...vector(2, extensions));
  return [1, ...vector(3, body)];
}

/** A handshake message in TLS records of these sizes, again and again. */
export function records(bytes: readonly number[], sizes: readonly number[] = [16_384]): Uint8Array {
  const written: number[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    written.push(22, 3, 1, ...vector(2, bytes.slice(at, at + size)));
    at += size;
  }
  return Uint8Array.from(written);
}

export const hello = (parts: Parts) => records(message(parts));
