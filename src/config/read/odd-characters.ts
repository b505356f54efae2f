// Characters that look like others, or like nothing: they come with text that was copied from a page or
// a chat, and nobody sees them.

type OddCharacter = {
  /** Where it is in the text. */
  readonly at: number;
  /** `a no-break space (U+00A0)` */
  readonly name: string;
  /** The advice on what to write. */
  readonly remedy: string;
};

type Kind = { readonly pattern: RegExp; readonly name: string; readonly remedy: string };

const SPACE = "write a plain space in its place";
const NOTHING = "delete it";
const QUOTE = "write a plain quote, \" or ', in its place";

const KINDS: readonly Kind[] = [
  { pattern: /\u00a0/, name: "a no-break space", remedy: SPACE },
  { pattern: /\u202f/, name: "a narrow no-break space", remedy: SPACE },
  { pattern: /\u3000/, name: "an ideographic space", remedy: SPACE },
  { pattern: /[\u1680\u2000-\u200a\u205f]/, name: "a space of another width", remedy: SPACE },
  { pattern: /[\u200b-\u200d\u2060\ufeff]/, name: "a zero-width character", remedy: NOTHING },
  { pattern: /\u00ad/, name: "a soft hyphen", remedy: NOTHING },
  {
    pattern: /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
    name: "a mark of direction",
    remedy: NOTHING,
  },
  {
    pattern: /[\u201c-\u201f\u2018-\u201b\u00ab\u00bb]/,
    name: "a typographic quote",
    remedy: QUOTE,
  },
  {
    pattern: /[\u2010-\u2015\u2212]/,
    name: "a typographic dash",
    remedy: "write a plain - in its place",
  },
  { pattern: /\uff1a/, name: "a full-width colon", remedy: "write a plain : in its place" },
  { pattern: /\uff0c/, name: "a full-width comma", remedy: "write a plain , in its place" },
];

/** The first one in a text; null: there is none. */
export function findOddCharacter(text: string): OddCharacter | null {
  let first: OddCharacter | null = null;
  for (const { pattern, name, remedy } of KINDS) {
    const at = text.search(pattern);
    if (at < 0 || (first !== null && first.at < at)) continue;
    const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0");
    first = { at, name: `${name} (U+${code})`, remedy };
  }
  return first;
}
