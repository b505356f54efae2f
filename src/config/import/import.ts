// A config of HAProxy or nginx → one of bal's, with a note for each line that is not carried exactly. Pure:
// files that the config names are read by the caller.
import { assemble, type Draft, usable } from "./draft/draft.ts";
import { type Note, Notebook } from "./draft/note.ts";
import { printYaml } from "./draft/print.ts";
import type { ImportSources } from "./draft/sources.ts";
import { importHaproxy } from "./haproxy/import.ts";
import { importNginx } from "./nginx/import.ts";
import { type ForeignConfig, recogniseForeignConfig } from "./recognise.ts";

export type ImportResult = {
  readonly from: Extract<ForeignConfig, "haproxy" | "nginx">;
  /** Null: nothing in the file can be carried. */
  readonly yaml: string | null;
  readonly notes: readonly Note[];
};

/** Null: it is a config of neither. */
export function importConfig(text: string, sources: ImportSources): ImportResult | null {
  const from = recogniseForeignConfig(text);
  if (from !== "haproxy" && from !== "nginx") return null;
  const notes = new Notebook();
  const read =
    from === "haproxy"
      ? importHaproxy(text, { ...sources, notes, readList: listReader(sources) })
      : importNginx(text, { ...sources, notes });
  const draft = usable(read, notes);
  const yaml = isEmpty(draft) ? null : printYaml(assemble(draft), sources.file);
  return {
    from,
    yaml: yaml === null ? null : `${heading(sources.file)}\n${yaml}`,
    notes: notes.notes(),
  };
}

function isEmpty({ listeners, pools }: Draft): boolean {
  return listeners.length === 0 || pools.size === 0;
}

function heading(file: string): string {
  const name = file === "-" ? "stdin" : file.replaceAll(/\p{Cc}/gu, "?");
  return `# By \`bal import\`, from ${name}. A comment names the line that a value comes from.`;
}

function listReader({ include }: ImportSources) {
  return (path: string): readonly string[] | null => {
    const files = include(path);
    if (files === null) return null;
    const lines = files.flatMap(({ text }) => text.split("\n"));
    return lines.map((line) => line.replace(/#.*/, "").trim()).filter((line) => line !== "");
  };
}
