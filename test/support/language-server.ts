// The YAML language server that editors run, over its stdin and stdout, with bal's schema beside the file.
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { schemaText } from "../../src/config/schema/json-schema.ts";
import { temporaryHome } from "./bal.ts";

const PROGRAM = resolve(
  import.meta.dir,
  "../../node_modules/yaml-language-server/bin/yaml-language-server",
);
/** As docs/config.md has people write it. */
export const SCHEMA_LINE = "# yaml-language-server: $schema=bal.schema.json\n";

type Place = { readonly line: number; readonly character: number };
type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly params?: any;
  readonly result?: any;
};
export type Completion = {
  readonly label: string;
  readonly documentation?: string | { readonly value: string };
  readonly textEdit?: {
    readonly newText: string;
    readonly range: { readonly start: Place; readonly end: Place };
  };
};
type Found = { readonly message: string; readonly severity: number; readonly tags?: number[] };

export class LanguageServer implements Disposable {
  readonly #folder = temporaryHome();
  readonly #process = Bun.spawn(["node", PROGRAM, "--stdio"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  readonly #answers = new Map<number, (result: any) => void>();
  readonly #diagnostics = new Map<string, (found: readonly Found[]) => void>();
  #requests = 0;
  #files = 0;

  static async start(): Promise<LanguageServer> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm ci installs it`);
    const server = new LanguageServer();
    writeFileSync(join(server.#folder.path, "bal.schema.json"), schemaText());
    void server.#read();
    const completionItem = { snippetSupport: true, documentationFormat: ["markdown"] };
    const textDocument = { completion: { completionItem }, hover: { contentFormat: ["markdown"] } };
    await server.#ask("initialize", {
      ...{ processId: null, rootUri: null, capabilities: { textDocument } },
    });
    server.#tell("initialized", {});
    const yaml = { schemaStore: { enable: false }, validate: true, hover: true, completion: true };
    server.#tell("workspace/didChangeConfiguration", { settings: { yaml } });
    return server;
  }

  /** What it offers where `|` stands. */
  async complete(text: string): Promise<readonly Completion[]> {
    const { uri, position } = this.#open(text);
    const found = await this.#ask("textDocument/completion", { textDocument: { uri }, position });
    return found.items ?? found;
  }

  /** What hovers over the key in which `|` stands. */
  async hover(text: string): Promise<string> {
    const { uri, position } = this.#open(text);
    const found = await this.#ask("textDocument/hover", { textDocument: { uri }, position });
    return found?.contents?.value ?? "";
  }

  /** What it finds against a file. */
  async diagnose(text: string): Promise<readonly Found[]> {
    const found = Promise.withResolvers<readonly Found[]>();
    this.#open(text, found.resolve);
    return found.promise;
  }

  [Symbol.dispose](): void {
    this.#process.kill();
    this.#folder[Symbol.dispose]();
  }

  #open(marked: string, onDiagnosed?: (found: readonly Found[]) => void) {
    const before = `${SCHEMA_LINE}${marked}`.split("|")[0] ?? "";
    const lines = before.split("\n");
    const name = `config-${this.#files++}.yaml`;
    const uri = pathToFileURL(join(this.#folder.path, name)).href;
    if (onDiagnosed !== undefined) this.#diagnostics.set(uri, onDiagnosed);
    const text = `${SCHEMA_LINE}${marked}`.replace("|", "");
    const textDocument = { uri, languageId: "yaml", version: 1, text };
    this.#tell("textDocument/didOpen", { textDocument });
    return { uri, position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 } };
  }

  #ask(method: string, params: unknown): Promise<any> {
    const id = ++this.#requests;
    const { promise, resolve } = Promise.withResolvers<any>();
    this.#answers.set(id, resolve);
    this.#send({ id, method, params });
    return promise;
  }

  #tell(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    void this.#process.stdin.flush();
  }

  async #read(): Promise<void> {
    let bytes = Buffer.alloc(0);
    for await (const chunk of this.#process.stdout) {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const end = bytes.indexOf("\r\n\r\n");
        const length = Number(/Content-Length: (\d+)/i.exec(bytes.toString("latin1", 0, end))?.[1]);
        if (end < 0 || bytes.length < end + 4 + length) break;
        this.#take(JSON.parse(bytes.toString("utf8", end + 4, end + 4 + length)));
        bytes = bytes.subarray(end + 4 + length);
      }
    }
  }

  #take({ id, method, params, result }: Message): void {
    if (method === "textDocument/publishDiagnostics") {
      this.#diagnostics.get(params.uri)?.(params.diagnostics);
    } else if (method !== undefined) {
      if (id !== undefined) this.#send({ id, result: null });
    } else if (id !== undefined) {
      this.#answers.get(id)?.(result);
    }
  }
}

/** The file after an editor has inserted it, with its further lines indented like the first (insertTextMode 2), and
 *  the person has kept what it suggests. */
export function inserted(marked: string, { textEdit }: Completion): string {
  if (textEdit === undefined) throw new Error("there is nothing to insert");
  const lines = `${SCHEMA_LINE}${marked.replace("|", "")}`.split("\n");
  const offsetOf = ({ line, character }: Place) =>
    lines.slice(0, line).join("\n").length + (line > 0 ? 1 : 0) + character;
  const text = lines.join("\n");
  const { start, end } = textEdit.range;
  const written = textEdit.newText
    .replaceAll(/\$\{\d+\|([^,|]*)[^}]*\|\}/g, "$1")
    .replaceAll(/\$\{\d+:?((?:[^\\}]|\\.)*)\}|\$\d+/g, "$1")
    .replaceAll(/\\([$}\\])/g, "$1")
    .replaceAll("\n", `\n${/^ */.exec(lines[start.line] ?? "")?.[0]}`);
  return text.slice(0, offsetOf(start)) + written + text.slice(offsetOf(end));
}
