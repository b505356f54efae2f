// Bytes → one YAML document, or where and why they are none.
import { isUtf8 } from "node:buffer";
import { type Document, LineCounter, parseDocument } from "yaml";
import { MAX_FILE_BYTES } from "../read-file.ts";
import { Report } from "../report.ts";
import { explainSyntaxError } from "./syntax-error.ts";

/** A finding of the parser after which the rest of the document still means what it says. */
const HARMLESS = "TAG_RESOLVE_FAILED";

const TOO_DEEP = { code: "too-deep", message: "the file is nested too deeply" };

type Syntax = {
  readonly report: Report;
  /** Empty where the bytes are none. */
  readonly text: string;
  /** Null: the findings are all there is. */
  readonly document: Document.Parsed | null;
};

export function parseSyntax(bytes: Uint8Array, file: string): Syntax {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const failed = (text: string, code: string, message: string): Syntax => {
    const report = new Report(file, text, lines);
    report.errorAt("", { start: text.length, end: text.length }, { code, message });
    return { report, text: "", document: null };
  };
  if (bytes.length > MAX_FILE_BYTES) {
    return failed("", "file-too-large", "the file has more than 1 MiB, which is the limit");
  }
  if (!isUtf8(bytes)) {
    const valid = validPrefix(bytes);
    countLines(valid, lines);
    return failed(valid, "not-utf8", "the bytes from here on are not valid UTF-8");
  }
  const text = new TextDecoder().decode(bytes);
  // Not by the parser: it misses a line where it has lost its place.
  countLines(text, lines);
  const report = new Report(file, text, lines);
  try {
    const document = parseDocument(text, {
      prettyErrors: false,
      stringKeys: false,
      // read.ts sees to that: the parser compares each with each, and not as the names they are.
      uniqueKeys: false,
    });
    return { report, text, document: documentOf(document, text, report) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed("", TOO_DEEP.code, TOO_DEEP.message);
  }
}

function documentOf(
  document: Document.Parsed,
  text: string,
  report: Report,
): Document.Parsed | null {
  // The parser is recursive and says so when its stack ends; what it says besides is not meant.
  const tooDeep = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  if (tooDeep !== undefined) {
    const [start, end] = tooDeep.pos;
    report.errorAt("", { start, end }, TOO_DEEP);
    return null;
  }
  // A bracket may close where its key begins, as in JSON: the parser only warns of that.
  const warnings = document.warnings.filter(({ code }) => code !== "BAD_INDENT");
  const found = [...document.errors, ...warnings];
  // Once it has lost its place, the parser stumbles over what is right: the first mistake is the one.
  const fatal = found.find(({ code }) => code !== HARMLESS);
  for (const finding of fatal === undefined ? found : [fatal]) {
    const { span, finding: explained } = explainSyntaxError(text, finding);
    report.errorAt("", span, explained);
  }
  return fatal === undefined ? document : null;
}

function countLines(text: string, lines: LineCounter): void {
  for (const match of text.matchAll(/\n/g)) lines.addNewLine(match.index + 1);
}

/** The text before the first byte that is not UTF-8. */
function validPrefix(bytes: Uint8Array): string {
  let low = 0;
  let high = bytes.length;
  // Longest prefix that decodes: a cut inside a character is repaired by the stream option.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isValidStart(bytes.subarray(0, middle))) low = middle;
    else high = middle - 1;
  }
  return new TextDecoder().decode(bytes.subarray(0, low)).replace(/�$/, "");
}

function isValidStart(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
