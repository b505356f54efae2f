// `npm run docs`: writes the tables of docs/config.md and docs/check.md anew.
import { join } from "node:path";
import { withTables } from "./config-tables.ts";
import { withWarnings } from "./warning-table.ts";

for (const [name, written] of [
  ["config.md", withTables],
  ["check.md", withWarnings],
] as const) {
  const page = join(import.meta.dir, "../../docs", name);
  await Bun.write(page, written(await Bun.file(page).text()));
}
