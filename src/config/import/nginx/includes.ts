// `include` lines, replaced by the directives of the files that they name.
import type { Notebook } from "../draft/note.ts";
import type { IncludedFile } from "../draft/sources.ts";
import { type Directive, readDirectives } from "./lexer.ts";

type IncludeSources = {
  readonly include: (path: string) => readonly IncludedFile[] | null;
  readonly notes: Notebook;
};

/** Deeper ones are a circle. */
const DEEPEST = 8;

export function withIncludes(
  directives: readonly Directive[],
  sources: IncludeSources,
  depth = 0,
): readonly Directive[] {
  return directives.flatMap((directive): readonly Directive[] => {
    const { name, args, block } = directive;
    if (block !== null) {
      return name === "http"
        ? [directive]
        : [{ ...directive, block: withIncludes(block, sources, depth) }];
    }
    if (name !== "include") return [directive];
    const files = depth < DEEPEST ? sources.include(args[0] ?? "") : null;
    if (files === null) {
      if (!isHarmless(args[0] ?? "")) {
        sources.notes.lost(directive, "this file can't be read here: import it, too");
      }
      return [];
    }
    return files.flatMap(({ file, text }) =>
      withIncludes(readDirectives(text, file, sources.notes), sources, depth + 1),
    );
  });
}

// Modules that a distribution loads, and types of HTTP.
function isHarmless(path: string): boolean {
  return /modules(?:-enabled)?\/[^/]*$|mime\.types$/.test(path);
}
