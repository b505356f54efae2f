// The hellos of real clients (corpus/, made by capture.ts), with what each asks for.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientHello } from "../../../src/policy/tls/client-hello.ts";

export type RealHello = {
  /** Of the client: `chromium`, `go-ech`… */
  readonly name: string;
  readonly hello: ClientHello;
  readonly bytes: Uint8Array;
};

const folder = join(import.meta.dir, "corpus");

export const corpus: readonly RealHello[] = readdirSync(folder).map((file) => {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  const [hello = "", ...base64] = lines.filter((line) => !line.startsWith("#"));
  const bytes = Uint8Array.fromBase64(base64.join(""));
  return { name: file.replace(".txt", ""), hello: JSON.parse(hello), bytes };
});
