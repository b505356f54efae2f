// The kinds of value that a key can have. A schema is made of these and is plain data: what reads
// a file, what documents it and what makes a JSON Schema all walk the same table.
import { MAX_SOCKET_PATH } from "../../base/address.ts";

/** Longer than any timeout means anything; with its jitter within timers' range (2³¹−1 ms). */
export const MAX_DURATION_MS = 480 * 3_600_000;

export type Field =
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "boolean" }
  /** `docs`: a few words on each of the values, where they need some. */
  | {
      readonly kind: "choice";
      readonly values: readonly string[];
      readonly docs?: Readonly<Record<string, string>>;
    }
  /** Milliseconds. `canBeOff`: 0 is allowed below `min`. */
  | {
      readonly kind: "duration";
      readonly min: number;
      readonly max: number;
      readonly canBeOff: boolean;
    }
  /** Bytes. */
  | { readonly kind: "size"; readonly min: number; readonly max: number }
  /** A port, or `9000-9010`, as both ends: so many at most. */
  | {
      readonly kind: "ports";
      readonly min: number;
      readonly max: number;
      readonly mostPorts: number;
    }
  /** Rights of a file, `"0660"`: octal digits, as a number. */
  | { readonly kind: "mode" }
  /** A name of the user's own: listener, pool, backend. */
  | { readonly kind: "name" }
  | { readonly kind: "ip" }
  /** A block of addresses, or one. */
  | { readonly kind: "cidr" }
  /** `150%`, as 150; the word `off` as 0. */
  | { readonly kind: "percent"; readonly min: number; readonly max: number }
  /** `500/s`, `30/10s`, as a Rate; 0 for none. At most so many per second. */
  | { readonly kind: "rate"; readonly max: number }
  /** An IP literal or a hostname. */
  | { readonly kind: "host" }
  /** A hostname: what is looked up. */
  | { readonly kind: "hostname" }
  /** `127.0.0.1:9296`, `[::1]:9296`: an IP literal and a port, which may be absent where there is a
   *  usual one. */
  | { readonly kind: "address"; readonly usualPort?: number }
  /** The name that a TLS client asks for: a hostname, or `*.` and one. */
  | { readonly kind: "server-name" }
  /** A protocol of ALPN: 1 to 255 visible ASCII characters. */
  | { readonly kind: "protocol" }
  /** A value that is shown to nobody. */
  | { readonly kind: "secret" }
  /** So many characters of any kind, or `hex:` and the bytes' digits. */
  | { readonly kind: "bytes"; readonly max: number }
  /** The value of an HTTP header. */
  | { readonly kind: "header" }
  /** The path of an HTTP request. */
  | { readonly kind: "url-path"; readonly max: number }
  /** An absolute path of a unix socket, or `@name` in the abstract namespace. */
  | { readonly kind: "socket-path" }
  /** The path of a file, relative to the config's folder. */
  | { readonly kind: "path" }
  /** Null for none, or a value. */
  | { readonly kind: "nullable"; readonly of: Field }
  /** A single value, or a map. */
  | { readonly kind: "either"; readonly word: Field; readonly map: Field }
  /** The word `auto`, or a value. */
  | { readonly kind: "auto"; readonly or: Field }
  | { readonly kind: "list"; readonly of: Field; readonly max: number }
  /** Keys of the user's own, each with such a value. `names`: what they may be, when no names of things. */
  | {
      readonly kind: "named";
      readonly of: Field;
      readonly max: number;
      readonly names?: "header";
    }
  /** Further keys may begin so: `ignoring` old ones, `ownPrefix` those that are the user's own, such as the
   *  home of an anchor. Nothing comes of either. */
  | {
      readonly kind: "map";
      readonly keys: Keys;
      readonly ignoring?: readonly string[];
      readonly ownPrefix?: string;
      /** The new item that an editor writes: each key with a value to begin with. */
      readonly sample?: Readonly<Record<string, string | number>>;
    }
  /** Whatever is written; nothing comes of it. */
  | { readonly kind: "any" };

export type Key = {
  readonly field: Field;
  /** As it would be written; absent: no default. */
  readonly default?: string | number | boolean;
  readonly isRequired?: boolean;
  /** The key that stands in for it where it is required. */
  readonly unless?: string;
  /** A key of the namesake: understood, but not offered. */
  readonly isOld?: boolean;
  /** One line for the reference and for editors. */
  readonly doc: string;
};

export type Keys = Readonly<Record<string, Key>>;

/** The keys of a map that it is, or may be. */
export function mapIn(field: Field): Keys | null {
  if (field.kind === "either") return mapIn(field.map);
  return field.kind === "map" ? field.keys : null;
}

/** Is it, or may it be, what is shown to nobody? */
export function isSecretField(field: Field): boolean {
  return field.kind === "nullable"
    ? isSecretField(field.of)
    : field.kind === "secret" || field.kind === "header";
}

/** Describes the allowed values, to complete "expected …". */
export function describeField(field: Field): string {
  switch (field.kind) {
    case "integer":
      return `an integer from ${field.min} to ${field.max}`;
    case "boolean":
      return "true or false";
    case "choice":
      return field.values.length === 1 ? `${field.values[0]}` : `one of ${field.values.join(", ")}`;
    case "duration":
      return `a duration such as 500ms, 5s, 2m or 1h${field.canBeOff ? ", or 0 for off" : ""}`;
    case "size":
      return "a size such as 64KiB or 1MiB";
    case "ports":
      return `a port from ${field.min} to ${field.max}, or a range such as 9000-9010`;
    case "mode":
      return 'octal permissions in quotes, such as "0660"';
    case "name":
      return "a name of letters, digits, `_`, `-`, `.` and `:`, at most 128 long";
    case "ip":
      return "an IPv4 or IPv6 address";
    case "cidr":
      return "an IP address, or a block such as 10.0.0.0/8 or 2001:db8::/32";
    case "percent":
      return `"off", or a percentage from ${field.min}% to ${field.max}%`;
    case "rate":
      return `a rate such as 500/s or 30/10s, at most ${field.max}/s, or 0 for none`;
    case "host":
      return "an IPv4 address, an IPv6 address or a hostname";
    case "hostname":
      return "a hostname";
    case "address":
      return field.usualPort === undefined
        ? "an IP address and a port such as 127.0.0.1:9296 or [::1]:9296"
        : "an IP address, with or without a port, such as 127.0.0.1:8600 or [::1]:8600";
    case "server-name":
      return "a name such as a.example, or *.b.example for all names with that ending";
    case "protocol":
      return "the name of a protocol such as h2 or http/1.1";
    case "secret":
      return "a text of 1 to 512 visible ASCII characters without spaces";
    case "bytes":
      return `a text of 1 to ${field.max} characters, or bytes such as hex:0d0a`;
    case "header":
      return "a text of 1 to 4096 visible ASCII characters and spaces";
    case "url-path":
      return `a path that begins with "/", of at most ${field.max} visible ASCII characters`;
    case "socket-path":
      return `an absolute path of at most ${MAX_SOCKET_PATH} bytes, or @name in the abstract namespace`;
    case "path":
      return "the path of a file";
    case "nullable":
      return `null, or ${describeField(field.of)}`;
    case "either":
      return `${describeField(field.word)}, or ${describeField(field.map)}`;
    case "auto":
      return `auto, or ${describeField(field.or)}`;
    case "list":
      return "a list";
    case "named":
    case "map":
      return "a map of keys and values";
    case "any":
      return "anything";
    default:
      return field satisfies never;
  }
}
