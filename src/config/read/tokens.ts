// A text as the lexer of YAML sees it, flat: it goes on where the parser has lost its place.
import { CST, Lexer } from "yaml";

export type YamlToken = {
  readonly offset: number;
  readonly source: string;
  /** `scalar` is a plain or a block one; `other` is what has no name of its own. */
  readonly type: NonNullable<ReturnType<typeof CST.tokenType>> | "other";
};

export function tokensOf(text: string): readonly YamlToken[] {
  const tokens: YamlToken[] = [];
  let offset = 0;
  let isScalar = false;
  for (const source of new Lexer().lex(text)) {
    // These say what comes next, and are not in the text.
    if (source === CST.SCALAR) isScalar = true;
    else if (source === CST.FLOW_END) tokens.push({ offset, source: "", type: "flow-error-end" });
    else if (source !== CST.DOCUMENT) {
      const type = isScalar ? "scalar" : (CST.tokenType(source) ?? "other");
      tokens.push({ offset, source, type });
      offset += source.length;
      isScalar = false;
    }
  }
  return tokens;
}

/** A quoted text that has no end, or that has it on a line further down. */
export function isUnclosedQuote({ type, source }: YamlToken): boolean {
  if (type !== "single-quoted-scalar" && type !== "double-quoted-scalar") return false;
  return source.includes("\n") || source.length === 1 || source.at(-1) !== source[0];
}

/** The brackets that are open at an offset, outermost first. */
export function openBrackets(tokens: readonly YamlToken[], offset: number): readonly YamlToken[] {
  const open: YamlToken[] = [];
  for (const token of tokens) {
    if (token.offset >= offset) break;
    if (token.type === "flow-map-start" || token.type === "flow-seq-start") open.push(token);
    else if (token.type === "flow-map-end" || token.type === "flow-seq-end") open.pop();
  }
  return open;
}
