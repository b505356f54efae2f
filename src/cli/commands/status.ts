// `bal status`: what the running bal says of itself, once or again and again; nothing is dialled.
import { defineCommand } from "citty";
import { fromHistory, Meter, TREND } from "../../api/recent-rates.ts";
import { type Home, locateHome } from "../../control/host/home.ts";
import { isTerminal } from "../../os/terminal.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { asked } from "../named-backend.ts";
import { say, sayJson } from "../output.ts";
import { color } from "../views/color.ts";
import { isScreen, Quit, Screen } from "../views/screen.ts";
import { statusLines } from "../views/status-view.ts";

const DEFAULT_SECONDS = 1;
const MAX_SECONDS = 86_400;

export const status = defineCommand({
  meta: { name: "status", description: "Show listeners, backends and their health" },
  args: {
    json: { type: "boolean", description: "print one JSON object; with --watch, one on each line" },
    watch: { type: "boolean", alias: "w", description: "repeat until Ctrl-C" },
    seconds: {
      type: "positional",
      required: false,
      description: `seconds between repeats, with --watch (default ${DEFAULT_SECONDS})`,
    },
  },
  async run({ args }): Promise<ExitCode> {
    const seconds = readSeconds(args.seconds);
    if (args.seconds !== undefined && !args.watch) {
      throw usageError(`unexpected argument '${args.seconds}': SECONDS needs --watch`);
    }
    const home = locateHome();
    if (args.watch) return await watch(home, seconds * 1000, args.json === true);
    const client = clientOf(home);
    const now = await asked(client.status(), home);
    if (args.json) {
      sayJson(now);
      return 0;
    }
    const history = await client.history(TREND).catch(() => null);
    const lately = fromHistory(history?.kind === "ok" ? history.body : null);
    const width = isTerminal(1) ? process.stdout.columns : 0;
    const view = { lately, nowMs: Date.now(), ...(width > 0 && { width }) };
    say(1, statusLines(now, view).join("\n"));
    return 0;
  },
});

/** Throws BalError `usage`. */
function readSeconds(text = String(DEFAULT_SECONDS)): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0.1 && seconds <= MAX_SECONDS) return seconds;
  throw usageError(`SECONDS must be a number from 0.1 to ${MAX_SECONDS}, not '${text}'`);
}

/** On a terminal one view that is redrawn; on a pipe one after the other. */
async function watch(home: Home, everyMs: number, isJson: boolean): Promise<ExitCode> {
  const client = clientOf(home);
  const meter = new Meter();
  let last = await asked(client.status(), home);
  let silence: string | null = null;
  using quit = new Quit();
  const lines = (width?: number) => {
    const view = { lately: meter, nowMs: Date.now(), ...(width !== undefined && { width }) };
    return statusLines(last, view);
  };
  let final: readonly string[] = [];
  {
    using screen = !isJson && isScreen() ? new Screen() : null;
    const draw = () => screen?.draw(frame(lines(screen.columns), silence, screen.rows));
    screen?.onResize(draw);
    do {
      try {
        last = await asked(client.status(), home);
        silence = null;
      } catch (error) {
        if (!(error instanceof Error) || screen === null) throw error;
        silence = error.message;
      }
      if (silence === null) meter.look(last, performance.now());
      if (screen !== null) draw();
      else if (isJson ? !sayJson(last, { isOneLine: true }) : !say(1, `${lines().join("\n")}\n`))
        return 0;
    } while (screen?.isGone !== true && !(await quit.within(everyMs)));
    if (screen !== null) final = lines(screen.columns);
  }
  // The last view stays on the terminal.
  for (const line of final) say(1, line);
  return 0;
}

function frame(lines: readonly string[], silence: string | null, rows: number): readonly string[] {
  const shown =
    silence === null
      ? lines
      : [color(1, ["red", "bold"], `${silence}; this is the last known state:`), ...lines];
  if (shown.length <= rows) return shown;
  const hidden = shown.length - rows + 1;
  const more = `… ${hidden} more lines; \`bal top\` can scroll`;
  return [...shown.slice(0, rows - 1), color(1, "dim", more)];
}
