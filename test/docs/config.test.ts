// docs/config.md says what the schema says, docs/check.md what warnings there are.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withTables } from "./config-tables.ts";
import { withWarnings } from "./warning-table.ts";

const page = readFileSync(join(import.meta.dir, "../../docs/config.md"), "utf8");

test("its tables are those of the schema", () => {
  if (withTables(page) === page) return;
  throw new Error("docs/config.md is not what the schema gives: run `npm run docs`, and commit it");
});

test("the warnings of docs/check.md are those that there are", () => {
  const check = readFileSync(join(import.meta.dir, "../../docs/check.md"), "utf8");
  expect(withWarnings(check)).toBe(check);
});

test("every link within it leads to a heading", () => {
  const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, "")
      .replaceAll(" ", "-"),
  );
  const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor!);
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
});

test("a group of keys that the page lacks gets a section, and one too many is refused", () => {
  const [before, after] = page.split(/^<!-- keys of timeouts -->[\s\S]*?<!-- end -->\n/m);
  expect(withTables(before! + after!)).toMatch(/\n## `timeouts`\n\nGlobal timeouts\.\n\n<!--/);
  expect(() => withTables(`${page}\n<!-- keys of wibble -->\n`)).toThrow("wibble");
});
