// Values → YAML as people write it: short maps on one line, and behind each line a comment that names the
// lines that it came from.
import { linesOf, type Scalar, Traced, type Value } from "./traced.ts";

const WIDTH = 120;
/** Maps that stand in lines of their own though they would fit on one. */
const ALWAYS_BLOCK = 2;

type Layout = {
  readonly indent: number;
  /** Maps around this value. */
  readonly depth: number;
  /** The file that is imported: its lines are named by number alone. */
  readonly file: string;
};

export function printYaml(entries: Readonly<Record<string, Value>>, file: string): string {
  return `${printMap(entries, { indent: 0, depth: 0, file }).join("\n")}\n`;
}

function printMap(entries: Readonly<Record<string, Value>>, layout: Layout): string[] {
  return Object.entries(entries).flatMap(([key, value]) => printEntry(key, value, layout));
}

function printEntry(key: string, value: Value, layout: Layout): string[] {
  const head = `${" ".repeat(layout.indent)}${scalar(key)}:`;
  const line = `${head} ${flow(value)}`;
  if (isFlow(value, { ...layout, depth: layout.depth + 1 }) && line.length <= WIDTH) {
    return [withComment(line, value, layout)];
  }
  const plain = value instanceof Traced ? value.value : value;
  const own = value instanceof Traced ? withComment(head, traceOnly(value), layout) : head;
  if (typeof plain !== "object" || plain instanceof Traced) {
    return [withComment(line, value, layout)];
  }
  const inside = { ...layout, indent: layout.indent + 2, depth: layout.depth + 1 };
  if (!Array.isArray(plain)) return [own, ...printMap(plain as Record<string, Value>, inside)];
  return [own, ...plain.flatMap((item: Value) => printItem(item, inside))];
}

function printItem(item: Value, layout: Layout): string[] {
  const dash = `${" ".repeat(layout.indent)}- `;
  const line = `${dash}${flow(item)}`;
  const plain = item instanceof Traced ? item.value : item;
  const isShort = isFlow(item, { ...layout, depth: layout.depth + 1 }) && line.length <= WIDTH;
  const isMap = typeof plain === "object" && !Array.isArray(plain) && !(plain instanceof Traced);
  if (isShort || !isMap) return [withComment(line, item, layout)];
  const inside = { ...layout, indent: layout.indent + 2, depth: layout.depth + 1 };
  const [first = "", ...rest] = printMap(plain as Record<string, Value>, inside);
  const own = item instanceof Traced ? withComment("", traceOnly(item), layout) : "";
  return [`${dash}${first.trimStart()}${own}`, ...rest];
}

/** A list of maps, or a map of lists of maps, is read more easily line by line. */
function isFlow(value: Value, { depth }: Layout): boolean {
  const plain = value instanceof Traced ? value.value : value;
  if (typeof plain !== "object" || plain instanceof Traced) return true;
  if (Array.isArray(plain)) return plain.every((item) => typeof bareKind(item) !== "object");
  if (depth <= ALWAYS_BLOCK && Object.values(plain).some((one) => isList(one))) return false;
  return !Object.values(plain).some(
    (one) => isList(one) && !isFlow(one, { indent: 0, depth, file: "" }),
  );
}

function bareKind(value: Value): unknown {
  return value instanceof Traced ? bareKind(value.value) : value;
}

function isList(value: Value): boolean {
  return Array.isArray(bareKind(value));
}

function traceOnly({ from }: Traced): Value {
  return new Traced("", from);
}

function flow(value: Value): string {
  if (value instanceof Traced) return flow(value.value);
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object") return scalar(value as Scalar);
  const pairs = Object.entries(value).map(([key, one]) => `${scalar(key)}: ${flow(one)}`);
  return `{${pairs.join(", ")}}`;
}

function withComment(line: string, value: Value, { file }: Layout): string {
  const places = new Map<string, Set<number>>();
  for (const quote of linesOf(value)) {
    const lines = places.get(quote.file) ?? new Set();
    places.set(quote.file, lines.add(quote.line));
  }
  if (places.size === 0) return line;
  const texts = [...places].map(([where, lines]) => {
    const numbers = [...lines].sort((a, b) => a - b).join(", ");
    const word = lines.size === 1 ? "line" : "lines";
    return where === file ? `${word} ${numbers}` : `${where}:${numbers}`;
  });
  return `${line}  # ${texts.join("; ").replaceAll(/[\p{Cc}]/gu, "?")}`;
}

/** Words that mean something else to one reader of YAML or another. */
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value: Scalar): string {
  if (typeof value !== "string") return String(value);
  const isPlain = /^[A-Za-z0-9/][\w./+-]*$/.test(value) && !WORDS.test(value);
  return isPlain && Number.isNaN(Number(value)) ? value : JSON.stringify(value);
}
