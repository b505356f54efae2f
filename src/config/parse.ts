// Bytes of a config file → the resolved config and its warnings, or everything that is wrong with
// it, all at once. Pure: no network, no disk, and no bytes make it throw.
import type { Config } from "./config.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { WrittenConfig } from "./read/raw-config.ts";
import { type Reader, readField } from "./read/read.ts";
import { parseSyntax } from "./read/syntax.ts";
import { resolveConfig } from "./resolve.ts";
import { translateRustConfig } from "./rust-compat.ts";
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
  const { report, document } = parseSyntax(bytes, file);
  let written: WrittenConfig | undefined;
  if (document !== null) {
    const reader: Reader = { document, report, aliases: 0 };
    // The schema is what makes it one.
    written = readField(reader, document.contents, schema, "") as WrittenConfig | undefined;
  }
  if (written !== undefined) {
    written = translateRustConfig(written, report);
    validateConfig(written, report);
  }
  report.sort();
  const { errors, warnings } = report;
  if (errors.length > 0 || written === undefined) return { kind: "invalid", errors, warnings };
  return { kind: "valid", config: resolveConfig(written), warnings };
}
