// Prints findings that the running bal reports of its file, with excerpts of it.
import type { Diagnostic } from "../config/diagnostics.ts";
import { MAX_FILE_BYTES, readStart } from "../config/read-file.ts";
import { say } from "./output.ts";
import { renderPretty } from "./views/render-diagnostics.ts";

/** To stderr. The excerpts come from the file as it is now: it was read a moment ago. */
export async function printFindings(found: readonly Diagnostic[]): Promise<void> {
  const [first] = found;
  if (first === undefined) return;
  const bytes = await readStart(first.file).catch(() => new Uint8Array());
  const source = bytes.length > MAX_FILE_BYTES ? "" : new TextDecoder().decode(bytes);
  say(2, renderPretty(found, source, 2));
}
