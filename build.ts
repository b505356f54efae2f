// Builds the self-contained binary: dist/bal, with its threads as further entry points; and the
// manual page beside it.
//
//   bun build.ts [--target=bun-linux-x64-musl] [--runtime=PATH] [--outfile=dist/bal]
//
// Without --runtime the runtime of another target is downloaded, unverified; a release takes it from a
// package that a lock file has the integrity of (.github/runtime).

import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { $ } from "bun";
import { version } from "./package.json";
import { describeCommands } from "./src/cli/command-words.ts";
import { manual } from "./src/cli/manual.ts";
import { commands } from "./src/cli/root.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    runtime: { type: "string" },
    outfile: { type: "string", default: "dist/bal" },
  },
});

// Where there is no repository, such as in the build of an image, BAL_COMMIT says it.
const head = process.env.BAL_COMMIT || (await $`git rev-parse HEAD`.nothrow().quiet().text());
const commit = head.trim().slice(0, 12) || "unknown";

// Next to the result, so that it can be renamed into place; the source maps are in the binary as well.
await mkdir(dirname(values.outfile), { recursive: true });
const workshop = await mkdtemp(join(dirname(values.outfile), ".build-"));
const built = join(workshop, "bal");

const options = [
  "--compile",
  // Most of a start is parsing. CommonJS, the default with bytecode, bakes the build's path into
  // import.meta.url, and threads would not be found elsewhere (Bun 1.4.5).
  "--bytecode",
  "--format=esm",
  // A command loads what it needs.
  "--splitting",
  // Names stay and positions are those of the source, so that a fault says where it happened.
  "--minify-whitespace",
  "--minify-syntax",
  "--sourcemap=linked",
  // The working directory's bunfig.toml and .env must not reach into the binary: a preload there would
  // run code in it.
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-dotenv",
  `--define=BAL_VERSION=${JSON.stringify(version)}`,
  `--define=BAL_COMMIT=${JSON.stringify(commit)}`,
  `--outfile=${built}`,
  ...(values.target === undefined ? [] : [`--target=${values.target}`]),
  ...(values.runtime === undefined ? [] : [`--compile-executable-path=${values.runtime}`]),
];

try {
  await $`${process.execPath} build ${options} src/main.ts src/data/worker.ts src/data/splice/splicer.ts`;
  await rename(built, values.outfile);
} finally {
  await rm(workshop, { recursive: true, force: true });
}

// The commit's own date: the same source makes the same page.
const committedAt = (await $`git log -1 --format=%cI`.nothrow().quiet().text()).trim();
const edition = { version, date: committedAt === "" ? new Date() : new Date(committedAt) };
const page = join(dirname(values.outfile), "bal.1");
await Bun.write(page, manual(await describeCommands(commands), edition));
