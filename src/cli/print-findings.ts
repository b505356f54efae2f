// Findings that the running bal tells of its file, with excerpts of it.
import type { Diagnostic } from "../config/diagnostics.ts";
import { loadConfig } from "../config/load.ts";
import { say } from "./output.ts";
import { renderPretty } from "./views/render-diagnostics.ts";

/** To stderr. The excerpts come from the file as it is now: it was read a moment ago. */
export async function printFindings(found: readonly Diagnostic[]): Promise<void> {
  const [first] = found;
  if (first === undefined) return;
  const { source } = await loadConfig(first.file);
  say(2, renderPretty(found, source, 2));
}
