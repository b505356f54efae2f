// Text from a file, a name or an error, before it meets a terminal.

/** Control characters, and those that turn the direction of text (UAX #9). */
const SPECIAL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** On one line, and with nothing in it that a terminal would obey: `\n`, `\x1b`. */
export function plain(text: string): string {
  return text.replaceAll(SPECIAL, escapeOne);
}

/** As wide as before: each such character becomes one that shows its place. */
export function sanitizeSource(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(SPECIAL, "�");
}

function escapeOne(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
}
