// The keys of the logs, as the schema has them.
import type { AccessField } from "../config.ts";
import type { Keys } from "./field.ts";
import { choice, described, map, nullable } from "./field-makers.ts";

/** The fields of the access log, in the order that a line has unless the config says another. */
export const ACCESS_FIELDS = [
  "time",
  "listener",
  "client",
  "sni",
  "pool",
  "backend",
  "attempts",
  "queue_ms",
  "dial_ms",
  "first_byte_ms",
  "duration_ms",
  "bytes_up",
  "bytes_down",
  "end",
  "reason",
] as const satisfies readonly AccessField[];

const accessMode = described({
  off: "no line",
  errors: "a line for each session that went wrong",
  all: "a line for each session",
});

export const accessKeys: Keys = {
  mode: {
    field: accessMode,
    isRequired: true,
    doc: "which sessions get a line: none, those that went wrong, or all",
  },
  file: {
    field: nullable({ kind: "path" }),
    doc: "the file of the access log; null: stdout, or access.log in $BAL_HOME for a bal in the background",
  },
  format: {
    field: choice("json", "text"),
    default: "json",
    doc: "one JSON object on each line, or only the values, separated by spaces",
  },
  fields: {
    field: { kind: "list", of: choice(...ACCESS_FIELDS), max: ACCESS_FIELDS.length },
    doc: "the fields of a line, in this order; default: all",
  },
};

export const logKeys: Keys = {
  level: {
    field: described({
      debug: "everything, including details for developers of bal",
      info: "normal events, such as a start or a reload",
      warn: "events that may need attention",
      error: "failures",
    }),
    default: "info",
    doc: "the lowest level of lines that are written",
  },
  format: {
    field: described({
      auto: "pretty on a terminal, else JSON",
      pretty: "lines for people",
      json: "one JSON object on each line",
    }),
    default: "auto",
    doc: "auto: pretty on a terminal, else JSON",
  },
  file: {
    field: nullable({ kind: "path" }),
    doc: "the file of bal's own log; null: stderr, or bal.log in $BAL_HOME for a bal in the background",
  },
  access: {
    field: { kind: "either", word: accessMode, map: map(accessKeys) },
    default: "off",
    doc: "the access log, which has a line for each session that has ended",
  },
};
