// An import of a text, and what it says.
import { expect } from "bun:test";
import { importConfig } from "../../src/config/import/import.ts";
import type { NoteKind } from "../../src/config/import/note.ts";
import { parseConfig } from "../../src/config/parse.ts";

/** A config as YAML has it: whatever a test looks at. */
type Printed = any;

/** `files`: what the text includes, by path. */
export function imported(text: string, files: Readonly<Record<string, string>> = {}) {
  const result = importConfig(text, {
    file: "their.conf",
    variables: new Map([["SET", "10.9.9.9"]]),
    include: (path) => (files[path] === undefined ? null : [{ file: path, text: files[path]! }]),
  });
  expect(result).not.toBeNull();
  const { yaml, notes } = result!;
  if (yaml !== null) {
    const parsed = parseConfig(Buffer.from(yaml), "config.yaml");
    expect(parsed.kind === "valid" ? [] : parsed.errors).toEqual([]);
  }
  const config: Printed = yaml === null ? null : Bun.YAML.parse(yaml);
  /** Lines with such a note. */
  const lines = (kind: NoteKind) => {
    const quotes = notes.filter((note) => note.kind === kind).flatMap((note) => note.quotes);
    return [...new Set(quotes.map(({ line }) => line))].sort((a, b) => a - b);
  };
  return { yaml, config, notes, lines };
}
