// `bal status`: what the running bal says of itself; nothing is dialled.
import { defineCommand } from "citty";
import { BalError } from "../base/errors.ts";
import { formatSize } from "../base/units.ts";
import type { BackendStatus, Status } from "../control/admin/api.ts";
import { AdminClient } from "../control/admin/client.ts";
import { locateHome } from "../control/home.ts";
import { type ExitCode, say } from "./exit.ts";
import { explainSilence, unanswered } from "./not-running.ts";
import { paint } from "./paint.ts";
import { plain } from "./plain.ts";
import { renderTable } from "./table.ts";

export const status = defineCommand({
  meta: { name: "status", description: "Show listeners, backends and their health" },
  args: { json: { type: "boolean", description: "print one JSON object" } },
  async run({ args }): Promise<ExitCode> {
    const home = locateHome();
    const answer = await new AdminClient(home.socket).status().catch(explainSilence(home));
    if (answer.kind === "absent") throw unanswered(home);
    if (answer.kind === "failed") throw new BalError(answer.error.code, answer.error.message);
    say(1, args.json ? JSON.stringify(answer.body, null, 2) : renderStatus(answer.body));
    return 0;
  },
});

const COLOURS = {
  up: "green",
  unknown: "gray",
  draining: "yellow",
  ejected: "yellow",
  unresolved: "red",
  down: "red",
} as const;

function renderStatus(status: Status): string {
  const { pid, version, phase, uptime_s, workers, config } = status;
  const head = `bal ${version}, pid ${pid}, ${phase} for ${ago(uptime_s)}, ${workers} worker${workers === 1 ? "" : "s"}`;
  const file = `config ${plain(config.file ?? "(none)")}, generation ${config.generation}, loaded ${since(config.loaded_at)} ago`;
  const listeners = renderTable(
    ["LISTENER", "ADDRESS", "POOL", "ACTIVE", "ACCEPTED", "REFUSED"],
    status.listeners.map(({ name, address, pool, active, accepted, refused }) => [
      plain(name),
      address,
      plain(pool),
      active,
      accepted,
      refused,
    ]),
  );
  const pools = status.pools.map(({ name, method, backends }) => {
    const title = `${paint(1, "bold", plain(name))} (${method})`;
    return `${title}\n${renderTable(BACKEND_COLUMNS, backends.map(backendRow))}`;
  });
  return [`${head}\n${file}`, listeners, ...pools].join("\n\n");
}

const BACKEND_COLUMNS = [
  "BACKEND",
  "STATE",
  "SINCE",
  "WEIGHT",
  "ACTIVE",
  "TOTAL",
  "UP",
  "DOWN",
  "DIAL ERRORS",
  "CHECK",
  "REASON",
];

function backendRow(backend: BackendStatus): readonly (string | number)[] {
  return [
    plain(backend.name),
    paint(1, COLOURS[backend.state], backend.state),
    since(backend.since),
    backend.weight,
    backend.active,
    backend.total,
    roundSize(backend.bytes_up),
    roundSize(backend.bytes_down),
    backend.dial_errors,
    backend.check_ms === null ? "-" : `${backend.check_ms} ms`,
    plain([backend.reason ?? [], weightNote(backend)].flat().join("; ")),
  ];
}

function weightNote({ override }: BackendStatus): readonly string[] {
  return override?.weight === undefined ? [] : ["weight set by hand"];
}

function since(time: string): string {
  return ago(Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000)));
}

/** `42s`, `3m`, `5h`, `12d` */
function ago(seconds: number): string {
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

/** Three digits or so, which is what one reads. */
function roundSize(bytes: number): string {
  const unit = [1024 ** 3, 1024 ** 2, 1024].find((size) => bytes >= 10 * size) ?? 1;
  return formatSize(Math.round(bytes / unit) * unit);
}
