// The sources that an import reads besides its text.

export type IncludedFile = { readonly file: string; readonly text: string };

export type ImportSources = {
  /** As notes and comments name it. */
  readonly file: string;
  /** The variables of the environment. */
  readonly variables: ReadonlyMap<string, string>;
  /** The files of a path, or of a pattern with `*`; null: they can't be read. */
  readonly include: (path: string) => readonly IncludedFile[] | null;
};
