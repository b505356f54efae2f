// An import of a text, and what it says.
import { expect } from "bun:test";
import type { NoteKind } from "../../src/config/import/draft/note.ts";
import { importConfig } from "../../src/config/import/import.ts";
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

/** A frontend and a backend around some lines. */
export function haproxy({ front = "", back = "", servers = SERVERS }) {
  return `defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
frontend edge
  bind :4000
  ${front}
  default_backend web
backend web
  ${back}
  ${servers}
`;
}

export const SERVERS = "server a 10.0.0.1:80 check\n  server b 10.0.0.2:80 check";
