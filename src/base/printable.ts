// Text that a peer, a name, a file or an error has brought, before it meets a log, a terminal or an
// answer: on one line, with nothing in it that a terminal obeys, and of bounded length.

/**
 * The characters that no output shows as they are: control characters (C0, DEL, C1), the separators of lines and
 * paragraphs, the characters that turn the direction of text (UAX #9), and halves of a surrogate pair.
 */
const SPECIAL = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cs}]/gu;

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what styles begin with
const STYLE = /(\x1b\[[0-9;]*m)/;

/**
 * `\n`, `\x1b`, `\u2028` in place of such characters.
 *
 * @param max characters of the result, the `…` of a cut one included; what a peer may choose has a bound
 */
export function printable(text: string, max = Number.POSITIVE_INFINITY): string {
  const safe = text.slice(0, max).replaceAll(SPECIAL, escapeOne);
  return safe.length > max || text.length > max ? `${safe.slice(0, max - 1)}…` : safe;
}

/** As wide as before: each such character becomes one that shows its place. For excerpts of a file. */
export function printableSource(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(SPECIAL, "�");
}

/** JSON with the same characters escaped; what is read back is what was given. Its own line ends stay. */
export function printableJson(json: string): string {
  return json.replaceAll(SPECIAL, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A line that has colours already: these stay (SGR, ECMA-48, section 8.3.117), all else is made printable. */
export function printableStyled(line: string): string {
  return line
    .split(STYLE)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join("");
}

/** The first few of a list, each printable, and how many more there are. */
export function printableList(
  items: readonly string[],
  { most = 8, max = 32 }: { readonly most?: number; readonly max?: number } = {},
): string {
  const shown = items.slice(0, most).map((item) => printable(item, max));
  const more = items.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

function escapeOne(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
}
