// A config of another program, given to bal by its name: one error that says so, in place of one for each line.
import type { Diagnostic } from "../diagnostics.ts";
import { FOREIGN, type ForeignConfig, recogniseForeignConfig } from "../import/recognise.ts";

/** Recognises a file that is no config of bal's. Null: it is no other known program's either. */
export function explainForeignFile(text: string, file: string): Diagnostic | null {
  const kind = recogniseForeignConfig(text);
  if (kind === null) return null;
  return {
    severity: "error",
    file,
    line: 1,
    column: 1,
    path: "",
    code: "foreign-config",
    message: `this is ${FOREIGN[kind]}, not a config of bal`,
    hint: hintOf(kind, file),
  };
}

function hintOf(kind: ForeignConfig, file: string): string {
  switch (kind) {
    case "haproxy":
    case "nginx":
      return `\`bal import ${file}\` prints an equivalent config of bal`;
    case "compose":
      return "bal has its own config file, which its container mounts: docs/deploy.md shows both";
    case "kubernetes":
      return "the config is the text under `config.yaml: |` of a ConfigMap: check only that text; deploy/kubernetes.yaml is an example";
    case "toml":
      return "a config of bal is YAML: write `port: 443` instead of `port = 443`, and `backends:` instead of `[[backends]]`";
    default:
      return `docs/migrating.md lists the keys of ${FOREIGN[kind].replace(/.* /, "")}, and bal's key for each`;
  }
}
