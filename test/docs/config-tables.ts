// The tables of docs/config.md, made from the schema. What stands between them is written by hand and
// left alone; a group of keys that the page does not have yet gets a section at its end.
import { formatDuration, formatSize } from "../../src/base/units.ts";
import { describeField, type Field, type Key, type Keys } from "../../src/config/schema/field.ts";
import { schema } from "../../src/config/schema/schema.ts";

/** Keys that stand together. `path` as in a diagnostic, with `[]` and NAME: `pools.NAME.hash`. */
type Group = { readonly path: string; readonly doc: string; readonly keys: Keys };

const TOP = "the top level";

/** Throws when it has the mark of a group that there is not. */
export function withTables(page: string): string {
  const groups = groupsOf(schema, { path: TOP, doc: "" });
  const marks = [...page.matchAll(/<!-- keys of (.*?) -->/g)].map(([, path]) => path);
  const unknown = marks.filter((mark) => !groups.some(({ path }) => path === mark));
  if (unknown.length > 0) throw new Error(`the schema has no keys of ${unknown.join(", ")}`);
  return groups.reduce((text, group) => withTable(text, group, groups), page);
}

function withTable(page: string, group: Group, groups: readonly Group[]): string {
  const [begin, end] = [`<!-- keys of ${group.path} -->\n`, "<!-- end -->\n"];
  const region = `${begin}\n${tableOf(group, groups)}\n${end}`;
  const from = page.indexOf(begin);
  if (from < 0) return `${page.trimEnd()}\n\n## \`${group.path}\`\n\n${sentence(group)}\n${region}`;
  const to = page.indexOf(end, from);
  if (to < 0) throw new Error(`the table of ${group.path} has no end`);
  return page.slice(0, from) + region + page.slice(to + end.length);
}

function sentence({ doc }: Group): string {
  return `${doc.charAt(0).toUpperCase()}${doc.slice(1)}.\n`;
}

/** Each once, where it stands first: a pool's health_check has the keys of the global one. */
function groupsOf(field: Field, { path, doc }: { path: string; doc: string }): readonly Group[] {
  switch (field.kind) {
    case "map": {
      const inner = Object.entries(field.keys).flatMap(([name, key]) => {
        const at = path === TOP ? name : `${path}.${name}`;
        return groupsOf(key.field, { path: at, doc: key.doc });
      });
      return unique([{ path, doc, keys: field.keys }, ...inner]);
    }
    case "list":
      return groupsOf(field.of, { path: `${path}[]`, doc });
    case "named":
      return groupsOf(field.of, { path: `${path}.NAME`, doc });
    case "auto":
      return groupsOf(field.or, { path, doc });
    case "nullable":
      return groupsOf(field.of, { path, doc });
    case "either":
      return groupsOf(field.map, { path, doc });
    default:
      return [];
  }
}

function unique(groups: readonly Group[]): readonly Group[] {
  return groups.filter(
    ({ keys }, index) => groups.findIndex((other) => other.keys === keys) === index,
  );
}

function tableOf({ keys }: Group, groups: readonly Group[]): string {
  const rows = Object.entries(keys)
    .filter(([, { isOld }]) => !isOld)
    .map(([name, key]) =>
      [`\`${name}\``, rangeOf(key.field, groups), defaultOf(key), key.doc]
        .map((cell) => cell.replaceAll("|", "\\|"))
        .join(" | "),
    );
  return ["key | value | default | meaning", "--- | --- | --- | ---", ...rows]
    .map((row) => `| ${row} |\n`)
    .join("");
}

function defaultOf(key: Key): string {
  if (key.isRequired)
    return key.unless === undefined ? "required" : `required without \`${key.unless}\``;
  return key.default === undefined ? "" : `\`${key.default}\``;
}

function rangeOf(field: Field, groups: readonly Group[]): string {
  switch (field.kind) {
    case "integer":
      return `${field.min} to ${field.max}`;
    case "choice":
      return field.values.map((value) => `\`${value}\``).join(", ");
    case "duration": {
      const range = `${formatDuration(field.min)} to ${formatDuration(field.max)}`;
      return field.canBeOff ? `${range}, or 0` : range;
    }
    case "size":
      return `${formatSize(field.min)} to ${formatSize(field.max)}`;
    case "auto":
      return `\`auto\`, or ${rangeOf(field.or, groups)}`;
    case "nullable":
      return `null, or ${rangeOf(field.of, groups)}`;
    case "either":
      return isListOf(field.word, field.map)
        ? `${rangeOf(field.map, groups)}, or a list of such groups`
        : `${rangeOf(field.word, groups)}, or ${rangeOf(field.map, groups)}`;
    case "list":
      return `a list of ${field.of.kind === "map" ? linkTo(field.of, groups) : `up to ${field.max}: each ${rangeOf(field.of, groups)}`}`;
    case "named":
      return `names, each with ${rangeOf(field.of, groups)}`;
    case "map":
      return linkTo(field, groups);
    default:
      return describeField(field);
  }
}

/** A health check is one map, or a list of them. */
function isListOf(field: Field, map: Field): boolean {
  return (
    field.kind === "list" &&
    field.of.kind === "map" &&
    map.kind === "map" &&
    field.of.keys === map.keys
  );
}

function linkTo({ keys }: { readonly keys: Keys }, groups: readonly Group[]): string {
  const path = groups.find((group) => group.keys === keys)?.path ?? "";
  return `[these keys](#${path.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "")})`;
}
