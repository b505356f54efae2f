// The state of reading one document, and the places of its nodes.
import { isScalar, type Node } from "yaml";
import type { Report, Span } from "../report.ts";
import type { Keys } from "../schema/field.ts";
import type { Aliases } from "./aliases.ts";

export type Reader = {
  readonly report: Report;
  readonly aliases: Aliases;
  /** Maps whose keys were listed already: once is enough in a file. */
  readonly listed: Set<Keys>;
};

/** Absent: a key without a value. */
export type ReadNode = Node | null | undefined;

export function spanOf(node: ReadNode): Span | null {
  const range = node?.range;
  return range == null ? null : { start: range[0], end: range[1] };
}

export function isEmpty(node: ReadNode): boolean {
  return node == null || (isScalar(node) && node.value === null);
}

export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
