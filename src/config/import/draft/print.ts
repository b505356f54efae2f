// Values → YAML as people write it: short maps on one line, and behind each line a comment that names the
// lines that it came from.
import { linesOf, type Scalar, Traced, type Value } from "./traced.ts";

const WIDTH = 120;

type Layout = {
  readonly indent: number;
  /** The file that is imported: its lines are named by number alone. */
  readonly file: string;
};

type Entries = Readonly<Record<string, Value>>;

export function printYaml(entries: Entries, file: string): string {
  return `${printMap(entries, { indent: 0, file }).join("\n")}\n`;
}

function printMap(entries: Entries, layout: Layout): string[] {
  return Object.entries(entries).flatMap(([key, value]) => printEntry(key, value, layout));
}

function printEntry(key: string, value: Value, layout: Layout): string[] {
  const head = `${" ".repeat(layout.indent)}${scalar(key)}:`;
  const line = `${head} ${flow(value)}`;
  const plain = plainOf(value);
  const isShort = isFlow(value) && line.length <= WIDTH;
  if (isShort || typeof plain !== "object") return [withComment(line, value, layout)];
  const inside = { ...layout, indent: layout.indent + 2 };
  const own = withComment(head, traceOnly(value), layout);
  if (!Array.isArray(plain)) return [own, ...printMap(plain as Entries, inside)];
  return [own, ...plain.flatMap((item: Value) => printItem(item, inside))];
}

function printItem(item: Value, layout: Layout): string[] {
  const dash = `${" ".repeat(layout.indent)}- `;
  const line = `${dash}${flow(item)}`;
  const plain = plainOf(item);
  const isMap = typeof plain === "object" && !Array.isArray(plain);
  if (!isMap || (isFlow(item) && line.length <= WIDTH)) return [withComment(line, item, layout)];
  const inside = { ...layout, indent: layout.indent + 2 };
  const [first = "", ...rest] = printMap(plain as Entries, inside);
  const own = first.includes("  # ") ? "" : withComment("", traceOnly(item), layout);
  return [`${dash}${first.trimStart()}${own}`, ...rest];
}

/** A list of maps is read more easily line by line. */
function isFlow(value: Value): boolean {
  if (value instanceof Traced) return isFlow(value.value);
  if (typeof value !== "object") return true;
  if (!Array.isArray(value)) return Object.values(value).every(isFlow);
  return value.every((item) => typeof plainOf(item) !== "object");
}

function plainOf(value: Value): Exclude<Value, Traced> {
  return value instanceof Traced ? plainOf(value.value) : value;
}

function traceOnly(value: Value): Value {
  return value instanceof Traced ? new Traced("", value.from) : "";
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
