// Resolves aliases, and bounds how much of them is read: a file of a few lines could else stand for millions.
import { type Alias, type Document, isAlias, isNode, type Node, visit } from "yaml";
import type { Report } from "../report.ts";

/** Values that are read through aliases, all together: more than any config has, and read in no time. */
const MAX_ALIASED = 100_000;

export class Aliases {
  private readonly document: Document;
  /** Made when the first one is met: most files have none. */
  private targets: ReadonlyMap<Alias, Node> | null = null;
  private left = MAX_ALIASED;

  constructor(document: Document) {
    this.document = document;
  }

  /** The last anchor of its name before it; undefined: there is none. */
  targetOf(alias: Alias): Node | undefined {
    this.targets ??= targetsIn(this.document);
    return this.targets.get(alias);
  }

  /** Counts a value that is read through an alias. False: it is one too many, which is reported once. */
  take(alias: Alias, path: string, report: Report): boolean {
    if (--this.left >= 0) return true;
    if (this.left === -1) {
      const [start = 0, end = start] = alias.range ?? [];
      const message = `the aliases of this file expand to more than ${MAX_ALIASED} values`;
      report.errorAt(path, { start, end }, { code: "too-many-aliases", message });
    }
    return false;
  }
}

/** Looks through the document once. */
function targetsIn(document: Document): ReadonlyMap<Alias, Node> {
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    } else if (isNode(node) && "anchor" in node && node.anchor !== undefined) {
      anchors.set(node.anchor, node);
    }
  });
  return targets;
}
