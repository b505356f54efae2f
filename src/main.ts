// The binary's entry point.
import { runCli } from "./cli/root.ts";

await runCli(process.argv.slice(2));
