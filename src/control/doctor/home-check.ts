// The folder of runtime files: whose it is, who may look into it, and what a bal that was killed has
// left there.
import { accessSync, constants, lstatSync, readdirSync, readFileSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf } from "../../base/os-error.ts";
import { type Home, runningPid } from "../host/home.ts";
import { homeRisk } from "../host/trust.ts";
import { type Finding, Findings } from "./finding.ts";

/** sockaddr_un holds 108 bytes, one of them the end (unix(7)). */
const MAX_SOCKET_PATH = 107;
const LARGE_LOG_BYTES = 1024 ** 3;

/** `schema`: what this version would write as bal.schema.json. */
export function checkHome(home: Home, schema: string): readonly Finding[] {
  const found = new Findings("home");
  const { length } = Buffer.from(home.socket);
  if (length > MAX_SOCKET_PATH) {
    found.broken(
      `${home.socket} is ${length} bytes long; the path of a unix socket may have at most ${MAX_SOCKET_PATH}`,
      "set BAL_HOME to a shorter path",
    );
  }
  const folder = statOf(home.path);
  if (folder === null) examineAbsent(home, found);
  else if (!folder.isDirectory()) {
    found.broken(`${home.path} is not a folder`, "remove it, or set BAL_HOME to a folder");
  } else {
    examineRights(home, folder, found);
    examineLeftovers(home, found);
    examineFiles(home, schema, found);
  }
  return found.okUnlessOther(`${home.path} has the right owner and permissions`).all;
}

function examineAbsent(home: Home, found: Findings): void {
  const parent = dirname(home.path);
  if (statOf(parent) !== null && !isWritable(parent)) {
    found.broken(
      `${home.path} cannot be created`,
      "set BAL_HOME to a folder that this user may write to",
    );
  } else found.ok(`${home.path} does not exist yet: \`bal start\` creates it`);
}

function examineRights(home: Home, folder: Stats, found: Findings): void {
  const risk = homeRisk(home);
  if (risk !== null) found.broken(risk.message, risk.hint ?? "");
  else if (!isWritable(home.path)) {
    found.broken(
      `this user may not write to ${home.path}`,
      "set BAL_HOME to a folder that this user may write to, on a disk with free space",
    );
  }
  if (risk === null && (folder.mode & 0o055) !== 0) {
    found.advise(`other users may read ${home.path}`, `chmod 700 ${home.path}`);
  }
}

function examineLeftovers(home: Home, found: Findings): void {
  const isRunning = runningPid(home) !== null;
  const left = namesIn(home.path).filter((name) => {
    const isOwn = join(home.path, name) === home.pid || join(home.path, name) === home.socket;
    return (isOwn && !isRunning) || /^bal\.pid\.\d+$/.test(name);
  });
  if (left.length === 0) return;
  found.advise(
    `left by a bal that was killed: ${left.join(", ")}`,
    "nothing to do: the next `bal start` removes it",
  );
}

function examineFiles(home: Home, schema: string, found: Findings): void {
  const socket = statOf(home.socket);
  if (socket !== null && (socket.mode & 0o077) !== 0) {
    found.broken(`other users may use ${home.socket}`, `chmod 600 ${home.socket}`);
  }
  const log = statOf(home.log);
  if (log !== null && log.size > LARGE_LOG_BYTES) {
    found.advise(
      `${home.log} has ${Math.round(log.size / 1024 ** 2)} MiB`,
      `rotate it: rename it, then send SIGUSR1 to the running bal`,
    );
  }
  const written = textOf(home.schema);
  if (written !== null && written.trimEnd() !== schema) {
    found.advise(
      `${home.schema} is the schema of another version`,
      `write it again with bal schema > ${home.schema}`,
    );
  }
}

/** None where this user may not look: `examineRights` says so. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // What this user may not read is nothing that it can mend.
    return ["ENOENT", "EACCES"].includes(codeOf(error) ?? "") ? null : "";
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
