// Regular expressions over server names, as people write them for lack of wildcards → names that a route can
// have.
import { isHostname } from "../../../base/address.ts";

/** `a.example` and `*.b.example` for `^(a|www)\.example$`, `\.b\.example$` and their like. Null: it can't be
 *  said so. */
export function namesOfRegex(regex: string): readonly string[] | null {
  const isEndAnchored = regex.endsWith("$");
  if (!isEndAnchored) return null;
  const isStartAnchored = regex.startsWith("^");
  const body = regex.slice(isStartAnchored ? 1 : 0, -1).replaceAll(/\(\?(?:<\w+>|P<\w+>|:)/g, "(");
  const texts = expand(body);
  if (texts === null) return null;
  const names = texts.map((text) => nameOf(text, isStartAnchored));
  return names.every((name) => name !== null) ? [...new Set(names as string[])] : null;
}

const MOST = 64;

/** Every text that its alternatives and optional groups stand for. */
function expand(body: string): readonly string[] | null {
  const group = /\(([^()]*)\)(\?)?/.exec(body);
  if (group === null) return /[()|]/.test(body) ? null : [body];
  const [all, inside = "", optional] = group;
  const next = body[group.index + all.length];
  if (next === "*" || next === "+" || next === "{") return null;
  const before = body.slice(0, group.index);
  const after = body.slice(group.index + all.length);
  const choices = [...inside.split("|"), ...(optional === "?" ? [""] : [])];
  const found: string[] = [];
  for (const choice of choices) {
    const texts = expand(`${before}${choice}${after}`);
    if (texts === null) return null;
    found.push(...texts);
    if (found.length > MOST) return null;
  }
  return found;
}

const ANY_LABELS = /^(?:\.\*|\.\+|\[\^\.\][*+]|\\w[*+]|\[[\w-]+\][*+]|\[\\w-\][*+])/;

function nameOf(text: string, isStartAnchored: boolean): string | null {
  const any = ANY_LABELS.exec(text)?.[0];
  const rest = any === undefined ? text : text.slice(any.length);
  const literal = literalOf(rest);
  if (literal === null) return null;
  if (any === undefined && isStartAnchored) return isHostname(literal) ? literal : null;
  const isSuffix = literal.startsWith(".") && isHostname(literal.slice(1));
  return isSuffix ? `*${literal}` : null;
}

function literalOf(text: string): string | null {
  const plain = text.replaceAll(/\\([.-])|\[\.\]/g, (_, escaped) => escaped ?? ".");
  const isPlain = /^[\w.-]*$/.test(plain) && !/(?<!\\|\[)\.(?=[*+?{])/.test(text);
  return isPlain ? plain.toLowerCase() : null;
}
