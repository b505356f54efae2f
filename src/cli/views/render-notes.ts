// Notes of an import as lines on a terminal.
import { printable } from "../../base/printable.ts";
import type { Note, NoteKind } from "../../config/import/draft/note.ts";
import { color } from "./color.ts";

const COLORS = { lost: "red", differs: "yellow", needless: "dim" } as const;

/** `haproxy.cfg:12: lost: …` for each line; the reason stands at the first of them. */
export function renderNotes(notes: readonly Note[]): string {
  return notes.flatMap(renderNote).join("\n");
}

function renderNote({ kind, quotes, message }: Note): readonly string[] {
  const places = Map.groupBy(quotes, ({ file, line }) => `${fileName(file)}:${line}`);
  const [first] = places.keys();
  return [...places].map(([place, parts]) => {
    const texts = parts.map(({ text }) => `\`${printable(text)}\``).join(", ");
    const reason = place === first ? printable(message) : `as line ${quotes[0]?.line}`;
    return `${place}: ${color(2, COLORS[kind], kind)}: ${texts}: ${reason}`;
  });
}

function fileName(file: string): string {
  return file === "-" ? "stdin" : printable(file);
}

/** `3 lines lost, 4 differ, 12 needless` */
export function renderSum(notes: readonly Note[]): string {
  const count = (kind: NoteKind) => {
    const quotes = notes.filter((note) => note.kind === kind).flatMap((note) => note.quotes);
    return new Set(quotes.map(({ file, line }) => `${file}:${line}`)).size;
  };
  const lost = count("lost");
  return `${lost} ${lost === 1 ? "line" : "lines"} lost, ${count("differs")} with a difference in meaning, ${count("needless")} needless; \`bal check\` accepts the rest`;
}
