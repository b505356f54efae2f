// `npm run bench`: bal and other balancers side by side on loopback. README.md says how to read it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Arguments, parseArguments, USAGE, WrongUsage } from "./arguments.ts";
import { describe, isBusy, thisMachine } from "./machine.ts";
import { installFor, loadVersions, missingOf } from "./programs.ts";
import { Progress } from "./progress.ts";
import type { Question } from "./questions/question.ts";
import { markdownTables } from "./report/markdown.ts";
import { type Results, writeJson } from "./report/results.ts";
import { terminalTable } from "./report/terminal.ts";
import type { Rival } from "./rivals/rival.ts";
import { type Answer, askAll, askedOf } from "./rounds.ts";

/** What a shell tells of a command that was interrupted. */
const INTERRUPTED = 130;

// Processes and folders are cleared away by exit handlers.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(INTERRUPTED));
}

try {
  const args = parseArguments(process.argv.slice(2), process.env.RIVALS);
  if (args === null) console.log(USAGE);
  else process.exitCode = await bench(args);
} catch (error) {
  console.error(error instanceof WrongUsage ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = error instanceof WrongUsage ? 2 : 1;
}

/** The exit code: 1 when any measurement failed. */
async function bench(args: Arguments): Promise<number> {
  if (process.platform !== "linux") throw new Error("it reads /proc: Linux only");
  const folder = mkdtempSync(join(tmpdir(), "bal-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  installFor(args.questions, args.rivals);
  const { rivals, versions } = installedOf(args.rivals);
  const questions = askableOf(args.questions);
  const results = (answers: readonly Answer[]): Results => ({
    ...head,
    rivals: rivals.map(({ name }) => name),
    rounds: args.rounds,
    workers: args.workers,
    method: args.method,
    answers,
  });
  const head = {
    startedAt: new Date().toISOString(),
    command: commandLine(),
    machine: thisMachine(),
    versions: { ...versions, ...loadVersions(questions) },
  };
  console.log(introduction(results([])));
  if (isBusy(head.machine)) {
    console.error(
      `the machine is busy (load average ${head.machine.load.toFixed(1)}): others have a say`,
    );
  }
  const asked = questions.reduce((sum, one) => sum + askedOf(one, rivals).length, 0);
  const progress = new Progress(asked * args.rounds);
  const answers: Answer[] = [];
  for (const question of questions) {
    const answer = await askAll({ ...args, question, rivals, folder, progress });
    answers.push(answer);
    progress.clear();
    console.log(terminalTable(answer, results([]).rivals));
    writeJson(args.jsonFile, results(answers));
  }
  if (args.markdownFile !== null) {
    writeFileSync(args.markdownFile, markdownTables(results(answers)));
  }
  const failed = answers.flatMap(({ measurements }) => measurements).filter((one) => one.failure);
  if (failed.length > 0) console.error(`${failed.length} measurements failed`);
  return failed.length > 0 ? 1 : 0;
}

/** As it was typed. */
function commandLine(): string {
  const folder = process.env.RIVALS ? `RIVALS=${basename(process.env.RIVALS)} ` : "";
  return [`${folder}npm run bench --`, ...process.argv.slice(2)].join(" ");
}

function introduction({ machine, versions, rounds, workers }: Results): string {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`.trim());
  const how = `medians of ${rounds} interleaved rounds, ${workers} worker(s) each`;
  return `${describe(machine)}\n${names.join(", ")}\n${how}\n`;
}

function installedOf(all: readonly Rival[]) {
  const versions: Record<string, string> = {};
  const rivals = all.filter((rival) => {
    const version = rival.version();
    if (version === null) console.error(`left out, not installed: ${rival.name}`);
    else if (rival.isBalancer) versions[rival.name] = version;
    return version !== null;
  });
  return { rivals, versions };
}

function askableOf(all: readonly Question[]): readonly Question[] {
  return all.filter(({ name, programs }) => {
    const missing = missingOf(programs);
    if (missing.length > 0) console.error(`left out, needs ${missing.join(", ")}: ${name}`);
    return missing.length === 0;
  });
}
