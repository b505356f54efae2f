// Builds the self-contained binary: dist/bal, with its threads as further entry points; and the
// manual page beside it.
//
//   bun build.ts [--target=bun-linux-x64-musl] [--outfile=dist/bal]

import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { $ } from "bun";
import { version } from "./package.json";
import { describeCommands } from "./src/cli/command-words.ts";
import { manual } from "./src/cli/manual.ts";
import { commands } from "./src/cli/root.ts";

const { values } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string", default: "dist/bal" } },
});

// Where there is no repository, such as in the build of an image, BAL_COMMIT says it.
const head = process.env.BAL_COMMIT || (await $`git rev-parse HEAD`.nothrow().quiet().text());
const commit = head.trim().slice(0, 12) || "unknown";

// The working directory's bunfig.toml and .env must not reach into the binary: a preload there would
// run code in it. No --bytecode: it bakes the build's path into import.meta.url, and workers fail
// elsewhere (Bun 1.4.5).
const options = [
  "--compile",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-dotenv",
  `--define=BAL_VERSION=${JSON.stringify(version)}`,
  `--define=BAL_COMMIT=${JSON.stringify(commit)}`,
  `--outfile=${values.outfile}`,
  ...(values.target === undefined ? [] : [`--target=${values.target}`]),
];

await $`${process.execPath} build ${options} src/main.ts src/data/worker.ts src/data/splice/splicer.ts`;

// The commit's own date: the same source makes the same page.
const committedAt = (await $`git log -1 --format=%cI`.nothrow().quiet().text()).trim();
const edition = { version, date: committedAt === "" ? new Date() : new Date(committedAt) };
const page = join(dirname(values.outfile), "bal.1");
await Bun.write(page, manual(await describeCommands(commands), edition));
