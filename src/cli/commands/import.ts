// `bal import`: a config of HAProxy or nginx becomes one of bal's, with a note for each line that is not
// carried exactly.
import { defineCommand } from "citty";
import { BalError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { type ImportResult, importConfig } from "../../config/import/import.ts";
import { FOREIGN, recogniseForeignConfig } from "../../config/import/recognise.ts";
import { parseConfig } from "../../config/parse.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { includesOf, readForeign } from "../foreign-files.ts";
import { put, say, sayJson } from "../output.ts";
import { renderNotes, renderSum } from "../views/render-notes.ts";

export const importCommand = defineCommand({
  meta: {
    name: "import",
    description: "Print the bal config for a haproxy.cfg or an nginx.conf, with notes",
  },
  args: {
    json: { type: "boolean", description: "print one JSON object: the config and the notes" },
    file: { type: "positional", required: true, description: "the file, or - for stdin" },
  },
  async run({ args }): Promise<ExitCode> {
    const { file } = args;
    const text = await readForeign(file);
    const variables = new Map(
      Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]],
      ),
    );
    const result = importConfig(text, { file, variables, include: includesOf(file) });
    if (result === null) throw isNeither(file, text);
    if (args.json) sayJson({ file, ...result, config: result.yaml, yaml: undefined });
    else print(file, result);
    return isWhole(result) ? 0 : 1;
  },
});

function print(file: string, { yaml, notes }: ImportResult): void {
  if (notes.length > 0) say(2, renderNotes(notes));
  if (yaml === null) {
    const message = `nothing in ${printable(file)} can be translated: no listener with a backend is left`;
    throw new BalError("nothing-imported", message);
  }
  put(1, yaml);
  const parsed = parseConfig(Buffer.from(yaml), "the printed config");
  const errors = parsed.kind === "valid" ? [] : parsed.errors;
  for (const { line, path, message } of errors) {
    say(2, `line ${line} of the printed config, ${path}: ${message}`);
  }
  say(2, renderSum(notes));
}

function isWhole({ yaml, notes }: ImportResult): boolean {
  if (yaml === null || parseConfig(Buffer.from(yaml), "-").kind !== "valid") return false;
  return notes.every(({ kind }) => kind !== "lost");
}

function isNeither(file: string, text: string): BalError {
  const name = file === "-" ? "stdin" : printable(file);
  const kind = recogniseForeignConfig(text);
  if (kind !== null) {
    return usageError(
      `${name} is ${FOREIGN[kind]}; bal imports those of HAProxy and nginx`,
      "docs/migrating.md lists the keys of Traefik, Envoy, gobetween, Caddy and keepalived",
    );
  }
  return usageError(
    `${name} is neither a haproxy.cfg nor an nginx.conf`,
    "a haproxy.cfg has sections such as `frontend NAME` and `backend NAME`; an nginx.conf has `stream {…}`, or `upstream NAME {…}` and `server {…}`",
  );
}
