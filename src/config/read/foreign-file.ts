// A config of another program, given to bal by its name: one error that says so, in place of one for each line.
import type { Diagnostic } from "../diagnostics.ts";
import { type ForeignConfig, recogniseForeignConfig } from "../import/recognise.ts";

const NAMES: Readonly<Record<ForeignConfig, string>> = {
  haproxy: "HAProxy",
  nginx: "nginx",
  traefik: "Traefik",
};

/** Recognises a file that is no config of bal's. Null: it is no other known program's either. */
export function explainForeignFile(text: string, file: string): Diagnostic | null {
  const kind = recogniseForeignConfig(text);
  if (kind === null) return null;
  const name = NAMES[kind];
  const hint =
    kind === "traefik"
      ? "docs/migrating.md shows what Traefik's keys are in bal's"
      : `\`bal import ${file}\` prints the bal config that does the same`;
  return {
    severity: "error",
    file,
    line: 1,
    column: 1,
    path: "",
    code: "foreign-config",
    message: `this is a config of ${name}, not of bal`,
    hint,
  };
}
