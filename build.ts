// Builds the self-contained binary: dist/bal, with its threads as further entry points.
//
//   bun build.ts [--target=bun-linux-x64-musl] [--outfile=dist/bal]

import { parseArgs } from "node:util";
import { $ } from "bun";
import { version } from "./package.json";

const { values } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string", default: "dist/bal" } },
});

const commit =
  (await $`git rev-parse --short=12 HEAD`.nothrow().quiet().text()).trim() || "unknown";

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

await $`${process.execPath} build ${options} src/main.ts src/data/worker.ts src/data/splicer.ts`;
