// The configs of balancers and backends are files beside this one, with {{marks}}.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Marks = Readonly<Record<string, string | number>>;

/** Throws on a mark without a value. */
export function render(template: string, marks: Marks): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = marks[name];
    if (value === undefined) throw new Error(`no value for {{${name}}}`);
    return String(value);
  });
}

export function writeConfig(template: string, file: string, marks: Marks): void {
  writeFileSync(file, render(readFileSync(join(import.meta.dir, template), "utf8"), marks));
}
