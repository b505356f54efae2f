// Lines → sections, each with the lines that it inherits of `defaults`, and with what nobody has taken yet:
// each line is carried, or somebody says why not.
import type { Line } from "./lexer.ts";

const KINDS = [
  ...["global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "mailers"],
  ...["userlist", "program", "cache", "ring", "http-errors", "log-forward", "fcgi-app"],
  ...["crt-store", "traces", "log-profile", "acme"],
] as const;

type SectionKind = (typeof KINDS)[number];

export class Section {
  readonly kind: SectionKind;
  readonly name: string;
  readonly head: Line;
  readonly lines: readonly Line[];
  /** The lines of its `defaults`, the nearest ones last. */
  readonly inherited: readonly Line[];
  readonly #taken: Set<Line>;

  constructor(head: Line, lines: readonly Line[], rest: Inheritance) {
    this.kind = head.words[0] as SectionKind;
    this.name = head.words[1] ?? "";
    this.head = head;
    this.lines = lines;
    this.inherited = rest.inherited;
    this.#taken = rest.taken;
  }

  /** Lines that begin with these words: its own, or the inherited ones where it has none. */
  take(...words: readonly string[]): readonly Line[] {
    const inherited = this.inherited.filter((line) => beginsWith(line, words));
    const own = this.lines.filter((line) => beginsWith(line, words));
    for (const line of [...inherited, ...own]) this.#taken.add(line);
    return own.length > 0 ? own : inherited;
  }

  /** The one that counts: the last. */
  takeLast(...words: readonly string[]): Line | null {
    return this.take(...words).at(-1) ?? null;
  }

  /** Its own lines only, of several beginnings, in the order of the file. */
  takeOwn(...keywords: readonly string[]): readonly Line[] {
    const lines = this.lines.filter(({ words }) => keywords.includes(words[0]));
    for (const line of lines) this.#taken.add(line);
    return lines;
  }

  /** `option NAME`, unless `no option NAME` stands behind it or in a nearer section. */
  takeOption(name: string): Line | null {
    const on = this.take("option", name).at(-1) ?? null;
    const off = this.take("no", "option", name).at(-1) ?? null;
    if (on === null || off === null) return off === null ? on : null;
    const isOwn = (line: Line) => this.lines.includes(line);
    if (isOwn(on) !== isOwn(off)) return isOwn(on) ? on : null;
    return on.line > off.line ? on : null;
  }

  takeAll(): readonly Line[] {
    for (const line of this.lines) this.#taken.add(line);
    return this.lines;
  }

  /** Nobody has taken them. */
  left(): readonly Line[] {
    return this.lines.filter((line) => !this.#taken.has(line));
  }
}

type Inheritance = { readonly inherited: readonly Line[]; readonly taken: Set<Line> };

function beginsWith({ words: own }: Line, words: readonly string[]): boolean {
  return words.every((word, index) => own[index] === word);
}

export type File = {
  readonly sections: readonly Section[];
  /** Before the first section. */
  readonly stray: readonly Line[];
};

export function readSections(lines: readonly Line[]): File {
  const taken = new Set<Line>();
  const sections: Section[] = [];
  const stray: Line[] = [];
  let unnamed: readonly Line[] = [];
  const named = new Map<string, readonly Line[]>();
  let head: Line | null = null;
  let body: Line[] = [];
  const close = () => {
    if (head === null) return;
    const inherited = inheritedBy(head, unnamed, named);
    const section = new Section(head, body, { inherited, taken });
    sections.push(section);
    if (section.kind !== "defaults") return;
    const { words } = head;
    unnamed = words.includes("from") ? [...inherited, ...body] : body;
    if (words[1] !== undefined) named.set(words[1], unnamed);
  };
  for (const line of lines.map(modern)) {
    if (!(KINDS as readonly string[]).includes(line.words[0]) || isKeyword(line, head)) {
      if (head === null) stray.push(line);
      else body.push(line);
      continue;
    }
    close();
    head = line;
    body = [];
  }
  close();
  return { sections, stray };
}

/** Keywords of HAProxy 1.x, as they are written since. */
const OLD: Readonly<Record<string, string>> = {
  contimeout: "connect",
  clitimeout: "client",
  srvtimeout: "server",
};

function modern(line: Line): Line {
  const [first, ...rest] = line.words;
  const name = Object.hasOwn(OLD, first) ? OLD[first] : undefined;
  return name === undefined ? line : { ...line, words: ["timeout", name, ...rest] };
}

// `cache` and `ring` are words of other sections as well.
function isKeyword({ words }: Line, head: Line | null): boolean {
  return head !== null && ["cache", "ring", "program"].includes(words[0]) && words.length !== 2;
}

function inheritedBy(
  { words }: Line,
  unnamed: readonly Line[],
  named: ReadonlyMap<string, readonly Line[]>,
): readonly Line[] {
  const from = words.indexOf("from");
  const name = from < 0 ? undefined : words[from + 1];
  if (name !== undefined) return named.get(name) ?? [];
  return words[0] === "defaults" ? [] : unnamed;
}
