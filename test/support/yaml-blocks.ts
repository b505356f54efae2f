// The configs that the README and the docs show. A block marked `yaml` is a whole config; other YAML
// is marked `yml`.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Glob } from "bun";

const root = resolve(import.meta.dir, "../..");

export type Block = { readonly page: string; readonly line: number; readonly text: string };

/** Those of README.md and docs/, in order. */
export function yamlBlocks(): readonly Block[] {
  return ["README.md", ...[...new Glob("docs/**/*.md").scanSync(root)].sort()].flatMap(blocksOf);
}

function blocksOf(page: string): readonly Block[] {
  const source = readFileSync(join(root, page), "utf8");
  return [...source.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => ({
    page,
    line: source.slice(0, match.index).split("\n").length + 1,
    text: match[1] ?? "",
  }));
}
