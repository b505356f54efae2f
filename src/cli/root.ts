// argv → a command. Commands are loaded only when they are asked for.
import { parseArgs } from "node:util";
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import { suggest } from "../config/suggest.ts";
import { canRepeat } from "./command-words.ts";
import { type ExitCode, outputCode, report, usageError } from "./exit.ts";
import { catchFaults } from "./faults.ts";
import { say } from "./output.ts";
import { version } from "./version.ts";
import { usageText } from "./views/usage.ts";

/** A command's `run` returns its exit code. */
export const commands: Readonly<Record<string, () => Promise<CommandDef>>> = {
  start: async () => plain((await import("./commands/start.ts")).start),
  check: async () => plain((await import("./commands/check.ts")).check),
  graceful: async () => plain((await import("./commands/graceful.ts")).graceful),
  reload: async () => plain((await import("./commands/graceful.ts")).reload),
  diff: async () => plain((await import("./commands/diff.ts")).diff),
  upgrade: async () => plain((await import("./commands/upgrade.ts")).upgrade),
  stop: async () => plain((await import("./commands/stop.ts")).stop),
  status: async () => plain((await import("./commands/status.ts")).status),
  sessions: async () => plain((await import("./commands/sessions.ts")).sessions),
  events: async () => plain((await import("./commands/events.ts")).events),
  logs: async () => plain((await import("./commands/logs.ts")).logs),
  top: async () => plain((await import("./commands/top.ts")).top),
  doctor: async () => plain((await import("./commands/doctor.ts")).doctor),
  drain: async () => plain((await import("./commands/drain.ts")).drain),
  undrain: async () => plain((await import("./commands/drain.ts")).undrain),
  weight: async () => plain((await import("./commands/weight.ts")).weight),
  service: async () => plain((await import("./commands/service.ts")).service),
  import: async () => plain((await import("./commands/import.ts")).importCommand),
  schema: async () => plain((await import("./commands/schema.ts")).schema),
  completions: async () => plain((await import("./commands/completions.ts")).completions(commands)),
  demo: async () => plain((await import("./commands/demo.ts")).demo),
};

// Each knows its own arguments; here they are all just commands.
function plain<T extends ArgsDef>(command: CommandDef<T>): CommandDef {
  return command as unknown as CommandDef;
}

const root = defineCommand({
  meta: { name: "bal", version: version.version, description: "TCP load balancer" },
  subCommands: commands,
});

/** Those that do something, of which the words are not the result: done is done. */
const DOING = [
  ...["start", "graceful", "reload", "upgrade", "stop", "drain", "undrain", "weight"],
  ...["top", "demo"],
];

/** Runs a command line to its end, and the process with it. */
export async function runCli(argv: readonly string[]): Promise<never> {
  catchFaults();
  const code = await run(argv).catch(report);
  const isTold = code === 0 && !DOING.includes(argv[0] ?? "");
  process.exit(isTold ? outputCode() : code);
}

async function run([name, ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === undefined) {
    say(2, await usageOf(null, root, 2));
    return 2;
  }
  if (name === "help" && rest[0] !== undefined) return run([rest[0], "--help"]);
  if (name === "--help" || name === "-h" || name === "help")
    return print(await usageOf(null, root));
  if (name === "--version" || name === "-v" || name === "-V") {
    return print(`bal ${version.version} (${version.commit})`);
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) throw unknownCommand(name);
  const command = await load();
  if (rest.includes("--help") || rest.includes("-h")) return print(await usageOf(name, command));
  await checkOptions(name, command, rest);
  const { result } = await runCommand(command, { rawArgs: [...rest] });
  return result as ExitCode;
}

function print(text: string): ExitCode {
  say(1, text);
  return 0;
}

/** `name` null: the usage of bal itself. */
async function usageOf(name: string | null, command: CommandDef, fd: 1 | 2 = 1): Promise<string> {
  const rendered = await renderUsage(command, name === null ? undefined : root);
  return usageText(Bun.stripANSI(rendered), { command: name, fd });
}

function unknownCommand(name: string): Error {
  const near = suggest(name, Object.keys(commands));
  const what = name.startsWith("-") ? "option" : "command";
  const hint = near === null ? "`bal --help` lists the commands" : `did you mean \`bal ${near}\`?`;
  return usageError(`there is no ${what} \`${name}\``, hint);
}

// citty lets options through that a command does not have; node:util does not.
async function checkOptions(
  name: string,
  command: CommandDef,
  rest: readonly string[],
): Promise<void> {
  const args = ((await command.args) ?? {}) as ArgsDef;
  const named = Object.entries(args).filter(([, { type }]) => type !== "positional");
  const places = Object.entries(args).filter(([, { type }]) => type === "positional");
  const options = Object.fromEntries(
    named.map(([option, { type, ...rest }]) => {
      const alias = "alias" in rest && typeof rest.alias === "string" ? { short: rest.alias } : {};
      return [option, { type: type === "boolean" ? "boolean" : "string", ...alias } as const];
    }),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      options,
      allowPositionals: places.length > 0,
      strict: true,
    });
    const isRepeated = canRepeat(places.at(-1)?.[1] ?? {});
    if (positionals.length > places.length && !isRepeated) {
      throw new TypeError(`Unexpected argument '${positionals[places.length]}'`);
    }
    const [missing, arg] = places[positionals.length] ?? [];
    if (missing !== undefined && arg?.required === true) {
      throw new TypeError(`${missing.toUpperCase()} is missing`);
    }
    for (const [option, value] of Object.entries(values)) {
      const { options: allowed } = args[option] as { options?: readonly string[] };
      if (allowed === undefined || allowed.includes(String(value))) continue;
      throw new TypeError(`--${option} must be one of ${allowed.join(", ")}, not '${value}'`);
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const near = nearOption(error.message, Object.keys(options));
    const meant = near === null ? "" : `did you mean \`--${near}\`? `;
    throw usageError(
      firstSentence(error.message),
      `${meant}\`bal ${name} --help\` shows its arguments and options`,
    );
  }
}

/** The option that somebody may have meant who wrote `--jsno`. */
function nearOption(message: string, options: readonly string[]): string | null {
  const written = /^Unknown option '--([^'=]+)/.exec(message)?.[1];
  return written === undefined ? null : suggest(written, [...options, "help"]);
}

function firstSentence(text: string): string {
  return text.split(/\. (?=[A-Z])/)[0] ?? text;
}
