// An import's notes about the lines that it does not carry exactly.

/** A line of the file that is imported, and the part of it that a note is about. */
export type Quote = { readonly file: string; readonly line: number; readonly text: string };

/** `lost`: bal has no such thing. `differs`: bal does something similar. `needless`: bal does it anyway,
 *  or has no use for it. */
export type NoteKind = "lost" | "differs" | "needless";

export type Note = {
  readonly kind: NoteKind;
  /** In the order of the file; at least one. */
  readonly quotes: readonly Quote[];
  readonly message: string;
};

/** Collects notes. Lines with the same message share one note. */
export class Notebook {
  readonly #notes = new Map<string, { kind: NoteKind; message: string; quotes: Quote[] }>();

  lost(quote: Quote, message: string): void {
    this.add("lost", quote, message);
  }

  differs(quote: Quote, message: string): void {
    this.add("differs", quote, message);
  }

  needless(quote: Quote, message: string): void {
    this.add("needless", quote, message);
  }

  add(kind: NoteKind, quote: Quote, message: string): void {
    const key = `${kind} ${message}`;
    const note = this.#notes.get(key) ?? { kind, message, quotes: [] };
    this.#notes.set(key, note);
    const isKnown = note.quotes.some(
      ({ file, line, text }) => file === quote.file && line === quote.line && text === quote.text,
    );
    if (!isKnown) note.quotes.push(quote);
  }

  /** Notes about losses come first, notes about needless lines last. */
  notes(): readonly Note[] {
    const rank = { lost: 0, differs: 1, needless: 2 };
    return [...this.#notes.values()].sort(
      (a, b) => rank[a.kind] - rank[b.kind] || (a.quotes[0]?.line ?? 0) - (b.quotes[0]?.line ?? 0),
    );
  }
}
