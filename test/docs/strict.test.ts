// The configs of the README, of docs/ and of deploy/ have no warning, so that a CI with `--strict` takes them.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import { parseDocument } from "yaml";
import { parse } from "../support/findings.ts";
import { yamlBlocks } from "../support/yaml-blocks.ts";

const root = resolve(import.meta.dir, "../..");
const textOf = (file: string) => readFileSync(join(root, file), "utf8");

const files = ["deploy/first.yaml", ...new Glob("deploy/recipes/*.yaml").scanSync(root)].sort();
const [configMap = ""] = textOf("deploy/kubernetes.yaml").split(/^---$/m);
const mounted: unknown = parseDocument(configMap).getIn(["data", "config.yaml"]);

const configs: readonly (readonly [string, string])[] = [
  ...files.map((file) => [file, textOf(file)] as const),
  ["deploy/kubernetes.yaml", String(mounted)],
  ...yamlBlocks().map(({ page, line, text }) => [`${page}:${line}`, text] as const),
];

test.each(configs)("%s passes bal check --strict", (_, text) => {
  const { kind, warnings } = parse(text);
  // The page on migration shows old keys in order to have them renamed.
  expect(warnings.filter(({ code }) => code !== "renamed-key")).toEqual([]);
  expect(kind).toBe("valid");
});
