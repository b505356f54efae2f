// Where mutation begins: well-formed input of each kind, real where there is some.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatHeader, formatLocal } from "../../src/policy/proxy-protocol/format.ts";
import { corpus as hellos } from "../policy/tls/corpus.ts";
import { yamlBlocks } from "../support/yaml-blocks.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const texts = (folder: string) => {
  const path = join(import.meta.dir, "corpus", folder);
  return readdirSync(path).map((name) => readFileSync(join(path, name)));
};

const V4 = {
  source: { ip: "192.0.2.1", port: 4000 },
  destination: { ip: "192.0.2.80", port: 443 },
};
const V6 = {
  source: { ip: "2001:db8::1", port: 4000 },
  destination: { ip: "2001:db8::80", port: 443 },
};

export const seeds = {
  hello: hellos.map(({ bytes }) => bytes),
  proxy: [
    ...[V4, V6, null].flatMap((route) => [formatHeader("v1", route), formatHeader("v2", route)]),
    formatLocal("v1"),
    formatLocal("v2"),
    latin1("PROXY UNKNOWN\r\n"),
  ],
  admin: texts("admin"),
  health: texts("health"),
  dns: texts("dns"),
  config: yamlBlocks().map(({ text }) => Buffer.from(text)),
  foreign: texts("foreign"),
} as const satisfies Record<string, readonly Uint8Array[]>;
