// `npm run docs`: writes the tables of docs/config.md anew.
import { join } from "node:path";
import { withTables } from "./config-tables.ts";

const page = join(import.meta.dir, "../../docs/config.md");
await Bun.write(page, withTables(await Bun.file(page).text()));
