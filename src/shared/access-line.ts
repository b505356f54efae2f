// A record of the access log → its line, as JSON or as text.
import { printableJson } from "../base/printable.ts";
import type { AccessConfig, AccessField } from "../config/config.ts";
import { type End, endReason } from "./end-reason.ts";

/** The fields of a line of the log. Times in milliseconds; null: it has none, or only a thread that
 *  is lost knew it. */
export type AccessRecord = {
  /** By the wall clock. */
  readonly endedAtMs: number;
  readonly listener: string | null;
  readonly client: string | null;
  readonly sni: string | null;
  readonly pool: string | null;
  readonly backend: string | null;
  readonly attempts: number | null;
  readonly queueMs: number | null;
  readonly dialMs: number | null;
  readonly firstByteMs: number | null;
  readonly durationMs: number | null;
  readonly bytesUp: number | null;
  readonly bytesDown: number | null;
  readonly end: End;
};

type Value = string | number | null;

const VALUES: Readonly<Record<AccessField, (record: AccessRecord) => Value>> = {
  time: ({ endedAtMs }) => new Date(endedAtMs).toISOString(),
  listener: ({ listener }) => listener,
  client: ({ client }) => client,
  sni: ({ sni }) => sni,
  pool: ({ pool }) => pool,
  backend: ({ backend }) => backend,
  attempts: ({ attempts }) => attempts,
  queue_ms: ({ queueMs }) => toMicroseconds(queueMs),
  dial_ms: ({ dialMs }) => toMicroseconds(dialMs),
  first_byte_ms: ({ firstByteMs }) => toMicroseconds(firstByteMs),
  duration_ms: ({ durationMs }) => toMicroseconds(durationMs),
  bytes_up: ({ bytesUp }) => bytesUp,
  bytes_down: ({ bytesDown }) => bytesDown,
  end: ({ end }) => endReason(end).code,
  reason: ({ end }) => endReason(end).reason,
};

/** Makes a record's line, without a newline: never one within it, whatever the names are. */
export type LineOf = (record: AccessRecord) => string;

export function lineMaker({ format, fields }: Pick<AccessConfig, "format" | "fields">): LineOf {
  const values = fields.map((field) => VALUES[field]);
  if (format === "text") return (record) => values.map((value) => asText(value(record))).join(" ");
  return (record) => {
    const line: Record<string, Value> = {};
    for (const field of fields) line[field] = VALUES[field](record);
    return printableJson(JSON.stringify(line));
  };
}

// A dial in a local network takes less than a millisecond.
function toMicroseconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}

/** `-` for nothing. What could be taken for the end of the value is `\x20`, as nginx has it. */
function asText(value: Value): string {
  if (value === null) return "-";
  if (typeof value === "number") return String(value);
  return value.replaceAll(/[^\x21-\x7e]|\\/gu, (char) =>
    [...new TextEncoder().encode(char)]
      .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
      .join(""),
  );
}
