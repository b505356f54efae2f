// The schema table as JSON Schema (draft 2020-12), for editors and other tools. It allows everything
// that `bal check` does; ranges of durations and the rules of validate/ are left to `check`.
import { MAX_SOCKET_PATH } from "../../base/address.ts";
import { describeField, type Field, type Key } from "./field.ts";
import { schema, simpleFormKeys } from "./schema.ts";

type JsonSchema = { readonly [keyword: string]: unknown };

const DOCS = "https://github.com/OWNER/bal/blob/main/docs/config.md";

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
/** Two colons at least: what `host:port` has not. */
const IPV6 = "(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]+";
const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const HOSTNAME = `(?![0-9.]+$)${LABEL}(?:\\.${LABEL})*\\.?`;
const NAME = "[A-Za-z0-9_.:[\\]/-]{1,128}";

const HEADER_NAME = { type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$" };

/** As it is printed and written beside a config. */
export function schemaText(): string {
  return JSON.stringify(jsonSchema(), null, 2);
}

/** The JSON Schema of the whole file. */
export function jsonSchema(): JsonSchema {
  const forbidden = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, false]));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "bal configuration",
    ...schemaOf(schema),
    if: { anyOf: [{ required: ["listeners"] }, { required: ["pools"] }] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ["listeners", "pools"], properties: forbidden(simpleFormKeys) },
    else: { required: ["backends"] },
  };
}

function schemaOf(field: Field): JsonSchema {
  switch (field.kind) {
    case "integer":
      return { type: "integer", minimum: field.min, maximum: field.max };
    case "boolean":
      return { type: "boolean" };
    case "choice":
      return choiceSchema(field);
    case "duration":
      return durationSchema(field);
    case "size":
      return {
        anyOf: [
          { type: "integer", minimum: field.min, maximum: field.max },
          text(field, quantity("B|KiB|MiB|GiB")),
        ],
      };
    case "ports":
      return {
        anyOf: [
          { type: "integer", minimum: field.min, maximum: field.max },
          text(field, "[0-9]{1,5}-[0-9]{1,5}"),
        ],
      };
    case "mode":
      return text(field, "0?[0-7]{3}");
    case "name":
      return { anyOf: [text(field, NAME), { type: "number" }] };
    case "ip":
      return text(field, `(?:${IPV4}|${IPV6})`);
    case "cidr":
      return text(field, `(?:${IPV4}|${IPV6})(?:/[0-9]{1,3})?`);
    case "host":
      return text(field, `(?:${IPV4}|${IPV6}|${HOSTNAME})`);
    case "percent":
      return { anyOf: [text(field, "[0-9]{1,9}%"), { enum: ["off", false] }] };
    case "rate":
      return { anyOf: [text(field, "[0-9]{1,9}/(?:s|m|h|[0-9]{1,7}(?:ms|s|m|h))"), { const: 0 }] };
    case "hostname":
      return text(field, HOSTNAME);
    case "address": {
      const withPort = `(?:${IPV4}|\\[${IPV6}\\]):[0-9]{1,5}`;
      const pattern = `(?:${withPort}|${IPV4}|${IPV6})`;
      return text(field, field.usualPort === undefined ? withPort : pattern);
    }
    case "server-name":
      return text(field, `(?:\\*\\.)?${HOSTNAME}`);
    case "protocol":
      return text(field, "[!-~]{1,255}");
    case "secret":
      return text(field, "[!-~]{1,512}");
    case "bytes":
      return {
        anyOf: [{ type: "string", minLength: 1, maxLength: field.max }, { type: "number" }],
      };
    case "header":
      return { anyOf: [text(field, "[!-~](?:[ -~]*[!-~])?"), { type: "number" }] };
    case "url-path":
      return { ...text(field, "/[!-~]*"), maxLength: field.max };
    case "socket-path":
      return { ...text(field, "(?:/|@[^@]).*"), maxLength: MAX_SOCKET_PATH };
    case "path":
      return { type: "string", minLength: 1 };
    case "nullable":
      return { anyOf: [{ type: "null" }, schemaOf(field.of)] };
    case "either":
      return { anyOf: [schemaOf(field.word), schemaOf(field.map)] };
    case "auto":
      return { anyOf: [{ const: "auto" }, schemaOf(field.or)] };
    case "list":
      return { type: "array", items: schemaOf(field.of), maxItems: field.max };
    case "named":
      return {
        type: "object",
        propertyNames: field.names === "header" ? HEADER_NAME : text({ kind: "name" }, NAME),
        additionalProperties: schemaOf(field.of),
        maxProperties: field.max,
      };
    case "map":
      return mapSchema(field);
    case "any":
      return {};
    default:
      return field satisfies never;
  }
}

/** `enumDescriptions` is of VS Code, `markdownEnumDescriptions` of the YAML language server too. */
function choiceSchema({ values, docs }: Extract<Field, { kind: "choice" }>): JsonSchema {
  const isSwitch = values.includes("off");
  const words = [...values, ...(isSwitch ? ["off"] : [])].map((value) => docs?.[value] ?? "");
  return {
    enum: isSwitch ? [...values, false] : values,
    ...(docs !== undefined && { enumDescriptions: words, markdownEnumDescriptions: words }),
  };
}

function durationSchema(field: Extract<Field, { kind: "duration" }>): JsonSchema {
  const amount = quantity("ms|s|m|h|d");
  return field.canBeOff
    ? { anyOf: [text(field, `(?:0|${amount})`), { const: 0 }] }
    : text(field, `(?![0.]+[a-z])${amount}`);
}

function mapSchema({
  keys,
  ignoring = [],
  ownPrefix,
  sample,
}: Extract<Field, { kind: "map" }>): JsonSchema {
  const entries = Object.entries(keys);
  const needed = entries.filter(([, { isRequired }]) => isRequired);
  const required = needed.filter(([, { unless }]) => unless === undefined).map(([name]) => name);
  const either = needed.flatMap(([name, { unless }]) =>
    unless === undefined ? [] : [{ anyOf: [{ required: [name] }, { required: [unless] }] }],
  );
  const patterns = [
    ...ignoring.map((prefix) => [`^${prefix}`, { deprecated: true }]),
    ...(ownPrefix === undefined ? [] : [[`^${ownPrefix}`, {}]]),
  ];
  const map = {
    type: "object",
    properties: Object.fromEntries(
      entries.map(([name, key]) => [
        name,
        { ...keySchema(key), ...exampleFor(key, sample?.[name]) },
      ]),
    ),
    ...(required.length > 0 && { required }),
    ...(either.length > 0 && { allOf: either }),
    ...(patterns.length > 0 && { patternProperties: Object.fromEntries(patterns) }),
    additionalProperties: false,
  };
  return sample === undefined ? map : sampled(map, sample);
}

/** The value that an editor writes behind a key without a default: without one it writes 0 for a number. */
function exampleFor(
  { field, default: byDefault }: Key,
  sample: string | number | undefined,
): JsonSchema {
  const lowest = field.kind === "integer" && field.min > 0 ? field.min : undefined;
  const example = sample ?? lowest;
  return byDefault === undefined && example !== undefined ? { examples: [example] } : {};
}

/** Adds the item that editors write into a list. The YAML language server writes the keys with a default when the
 *  list itself is completed, and the snippet when an item is: the map's own defaults stand below, out of its sight, since
 *  they are not what a new item needs. */
function sampled(map: JsonSchema, sample: Readonly<Record<string, string | number>>): JsonSchema {
  const keys = Object.entries(sample);
  const places = keys.map(([key, value], index) => [key, `\${${index + 1}:${value}}`]);
  const snippet = {
    label: keys.map(([key]) => key).join(", "),
    body: Object.fromEntries(places),
  };
  // Editors go by the first of several types.
  const properties = Object.fromEntries(
    keys.map(([key, value]) => {
      const type = typeof value === "number" ? ["integer", "string"] : ["string", "number"];
      return [key, { type, default: value }];
    }),
  );
  return { type: "object", defaultSnippets: [snippet], properties, allOf: [map] };
}

/** The text that hovers over a key: the editors that know it show it in place of the description. */
function hoverText({ doc, default: byDefault, field }: Key): string {
  const allowed = isGroup(field) ? [] : [`Allowed: ${describeField(field)}.`];
  const usual = byDefault === undefined ? [] : [`Default: \`${byDefault}\`.`];
  return [`${doc}.`, ...allowed, ...usual, `[All keys](${DOCS})`].join("\n\n");
}

function isGroup({ kind }: Field): boolean {
  return kind === "map" || kind === "named" || kind === "any";
}

function keySchema(key: Key): JsonSchema {
  const { field, doc, default: byDefault, isOld } = key;
  return {
    description: plainText(key),
    markdownDescription: hoverText(key),
    ...(byDefault !== undefined && { default: byDefault }),
    ...(isOld && { deprecated: true, deprecationMessage: `a key of the Rust program: ${doc}` }),
    ...schemaOf(field),
  };
}

/** The YAML language server shows this one where a key may have values of several types. */
function plainText({ doc, default: byDefault, field }: Key): string {
  const allowed = isGroup(field) ? "" : ` (${describeField(field)})`;
  const usual = byDefault === undefined ? "" : ` Default: ${byDefault}.`;
  return `${doc}${allowed}.${usual} ${DOCS}`;
}

function quantity(units: string): string {
  return `[0-9]+(?:\\.[0-9]+)?(?:${units})`;
}

/** `patternErrorMessage`, of VS Code and the YAML language server: what people see for the pattern. */
function text(field: Field, pattern: string): JsonSchema {
  const patternErrorMessage = `expected ${describeField(field)}`;
  return { type: "string", pattern: `^${pattern}$`, patternErrorMessage };
}
