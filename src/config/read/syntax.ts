// Bytes → one YAML document, or where and why they are none.
import { isUtf8 } from "node:buffer";
import { type Document, LineCounter, parseDocument, type YAMLError } from "yaml";
import { MAX_FILE_BYTES } from "../read-file.ts";
import { Report } from "../report.ts";

/** A finding of the parser after which the rest of the document still means what it says. */
const HARMLESS = "TAG_RESOLVE_FAILED";

const TOO_DEEP = { code: "too-deep", message: "the file is nested too deeply" };

export type Syntax = {
  readonly report: Report;
  /** Null: the findings are all there is. */
  readonly document: Document.Parsed | null;
};

export function parseSyntax(bytes: Uint8Array, file: string): Syntax {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const report = new Report(file, lines);
  const failed = (offset: number, code: string, message: string): Syntax => {
    report.errorAt("", offset, { code, message });
    return { report, document: null };
  };
  if (bytes.length > MAX_FILE_BYTES) {
    return failed(0, "file-too-large", "the file has more than 1 MiB, which is what is allowed");
  }
  if (!isUtf8(bytes)) {
    const valid = validPrefix(bytes);
    countLines(valid, lines);
    return failed(valid.length, "not-utf8", "bytes that are not UTF-8 begin here");
  }
  const text = new TextDecoder().decode(bytes);
  // Not by the parser: it misses a line where it has lost its place.
  countLines(text, lines);
  try {
    const document = parseDocument(text, {
      prettyErrors: false,
      stringKeys: false,
      // read.ts sees to that: the parser compares each with each, and not as the names they are.
      uniqueKeys: false,
    });
    return { report, document: judge(document, report) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed(0, TOO_DEEP.code, TOO_DEEP.message);
  }
}

function judge(document: Document.Parsed, report: Report): Document.Parsed | null {
  let isUsable = true;
  // The parser is recursive and says so when its stack ends; what it says besides is not meant.
  const tooDeep = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  if (tooDeep !== undefined) {
    report.errorAt("", tooDeep.pos[0], TOO_DEEP);
    return null;
  }
  let last: YAMLError | undefined;
  for (const finding of [...document.errors, ...document.warnings]) {
    if (isEcho(finding, last)) continue;
    last = finding;
    const { code, message, pos } = finding;
    report.errorAt("", pos[0], {
      code: code.toLowerCase().replaceAll("_", "-"),
      message: plainMessage(code, message),
    });
    if (code !== HARMLESS) isUsable = false;
  }
  return isUsable ? document : null;
}

/** Once it has lost its place the parser stumbles over each further token, and over each bracket
 *  that is still open. */
function isEcho({ code, pos }: YAMLError, last: YAMLError | undefined): boolean {
  return code === last?.code && (code === "UNEXPECTED_TOKEN" || pos[0] === last.pos[0]);
}

function countLines(text: string, lines: LineCounter): void {
  for (const match of text.matchAll(/\n/g)) lines.addNewLine(match.index + 1);
}

function plainMessage(code: string, message: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "tabs can't indent in YAML; use spaces";
    case "MULTIPLE_DOCS":
      return "a config is one document; another one begins here";
    default:
      return message.split("\n")[0] ?? message;
  }
}

/** What precedes the first byte that is not UTF-8. */
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
