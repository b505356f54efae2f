// Bytes of a config file → the resolved config and its warnings, or everything that is wrong with
// it, all at once. Pure: no network, no disk, and no bytes make it throw.
import type { Config } from "./config.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { Aliases } from "./read/aliases.ts";
import { allowByComments } from "./read/allowed.ts";
import { explainForeignFile } from "./read/foreign-file.ts";
import type { WrittenConfig } from "./read/raw-config.ts";
import { readFile } from "./read/read.ts";
import { parseSyntax } from "./read/syntax.ts";
import { resolveConfig } from "./resolve.ts";
import { translateRustConfig } from "./rust-compat.ts";
import type { Keys } from "./schema/field.ts";
import { schema } from "./schema/schema.ts";
import { validateConfig } from "./validate/validate.ts";

export type ParseResult =
  | { readonly kind: "valid"; readonly config: Config; readonly warnings: readonly Diagnostic[] }
  | {
      readonly kind: "invalid";
      readonly errors: readonly Diagnostic[];
      readonly warnings: readonly Diagnostic[];
    };

/** `file` is what diagnostics call it. */
export function parseConfig(bytes: Uint8Array, file: string): ParseResult {
  const { report, text, document } = parseSyntax(bytes, file);
  let written: WrittenConfig | undefined;
  if (document !== null) {
    const reader = { report, aliases: new Aliases(document), listed: new Set<Keys>() };
    // The schema is what makes it one.
    written = readFile(reader, document.contents, schema) as WrittenConfig | undefined;
  }
  if (written !== undefined) {
    written = translateRustConfig(written, report);
    validateConfig(written, report);
    allowByComments(text, report);
  }
  report.sort();
  const { errors, warnings } = report;
  const foreign = errors.length > 0 ? explainForeignFile(text, file) : null;
  if (foreign !== null) return { kind: "invalid", errors: [foreign], warnings: [] };
  if (errors.length > 0 || written === undefined) return { kind: "invalid", errors, warnings };
  return { kind: "valid", config: resolveConfig(written), warnings };
}
