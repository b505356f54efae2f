// The help of bal and of each command: citty's, with its columns aligned to the left, and with an example
// and the environment below.
import { color } from "./color.ts";

/** One line that a person may copy; by command. */
const EXAMPLES: Readonly<Record<string, string>> = {
  start: "bal start -d -c /etc/bal/config.yaml",
  check: "bal check --strict config.yaml",
  graceful: "bal graceful",
  reload: "bal reload",
  diff: "bal diff -c new.yaml",
  upgrade: "bal upgrade ./bal-0.3.0",
  stop: "bal stop --timeout 1m",
  status: "bal status --watch",
  sessions: "bal sessions --sort age",
  events: "bal events -f",
  logs: "bal logs -f -n 100",
  top: "bal top",
  doctor: "bal doctor",
  drain: "bal drain web/10.0.0.1:443 --wait",
  undrain: "bal undrain web/10.0.0.1:443",
  weight: "bal weight web/10.0.0.1:443 5",
  service: "bal service | sudo tee /etc/systemd/system/bal.service",
  import: "bal import /etc/haproxy/haproxy.cfg > config.yaml",
  schema: "bal schema > bal.schema.json",
  completions: "bal completions bash > ~/.local/share/bash-completion/completions/bal",
  demo: "bal demo",
};

const ENVIRONMENT = "BAL_HOME  folder of config.yaml and of the runtime files (default: ~/.bal)";

type UsageOptions = {
  /** Null: of bal itself. */
  readonly command: string | null;
  readonly fd: 1 | 2;
};

/** @param rendered by citty, without colors */
export function usageText(rendered: string, { command, fd }: UsageOptions): string {
  // citty writes an argument that may be repeated as `FILE=<FILE…>`.
  const written = rendered.trimEnd().replaceAll(/\b(\w+)=<(\1…?)>/g, "$2");
  const lines = alignLeft(written.split("\n")).map((line) => {
    // The list of all commands follows below.
    if (command === null && line.startsWith("USAGE ")) return "USAGE bal <command> [OPTIONS]";
    return line;
  });
  const example = command === null ? undefined : EXAMPLES[command];
  if (example !== undefined) lines.push("", "EXAMPLE", "", `  ${example}`);
  lines.push("", "ENVIRONMENT", "", `  ${ENVIRONMENT}`);
  return lines
    .map((line) => line.replace(/^[A-Z]+\b/, (word) => color(fd, "bold", word)))
    .join("\n");
}

/** Rows of two columns, of which citty aligns the first one to the right. */
function alignLeft(lines: readonly string[]): string[] {
  const rows = lines.map((line) => /^ {2,}(\S.*?) {4}(\S.*)$/.exec(line));
  // Each list has its own width: its rows follow each other.
  const widthAt = (index: number): number => {
    let width = 0;
    let at = index;
    while (rows[at - 1]) at--;
    for (; rows[at]; at++) width = Math.max(width, rows[at]?.[1]?.length ?? 0);
    return width;
  };
  return lines.map((line, index) => {
    const [, left = "", right = ""] = rows[index] ?? [];
    return left === "" ? line.trimEnd() : `  ${left.padEnd(widthAt(index))}  ${right.trimEnd()}`;
  });
}
