// The paths of the unix sockets that bal listens on: free, bal's own and in place, or somebody else's.
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { codeOf, errnoCode } from "../../base/os-error.ts";
import type { Config } from "../../config/config.ts";
import { formatMode } from "../../config/read/read-listen.ts";
import { ECONNREFUSED } from "../../os/abi.ts";
import { isLinux } from "../../os/libc.ts";
import { holdersOfPath } from "../../os/port-holder.ts";
import { modeOf, socketFileAt, tryConnect } from "../../os/unix-listening.ts";
import type { Daemon } from "./daemon-check.ts";
import { type Finding, Findings } from "./finding.ts";
import { namesOf } from "./ports-check.ts";

type Place = { readonly path: string; readonly mode: number | null };

export function checkSockets(
  { listeners }: Config,
  { status }: Pick<Daemon, "status">,
): readonly Finding[] {
  const found = new Findings("unix-sockets");
  const places = listeners.flatMap(({ address }) => (address.kind === "unix" ? address : []));
  if (!isLinux || places.length === 0) return found.all;
  const isOwn = ({ path }: Place) =>
    status?.listeners.some(({ address }) => address === `unix:${path}`) ?? false;
  for (const place of places) {
    if (isOwn(place)) examineOwn(place, found);
    else examineFree(place.path, found);
  }
  const told = places.map((place) => `${place.path} is ${isOwn(place) ? "bal's own" : "free"}`);
  return found.okUnlessOther(told.join(", ")).all;
}

function examineOwn({ path, mode }: Place, found: Findings): void {
  if (mode === null) return;
  const error = tryConnect(path);
  if (socketFileAt(path) === null || error === ECONNREFUSED) {
    const message = `${path} is no longer bal's socket: no client can connect`;
    return found.broken(message, "restart bal, and find out what removed it");
  }
  const present = modeOf(path);
  if (present === null || present === mode) return;
  found.advise(
    `${path} has mode ${formatMode(present)}, but the config has ${formatMode(mode)}`,
    `chmod ${formatMode(mode)} ${path}; the next reload with a change does this as well`,
  );
}

function examineFree(path: string, found: Findings): void {
  const isFile = !path.startsWith("@");
  if (isFile && modeOf(path) === null) return examineFolder(dirname(path), found);
  if (isFile && socketFileAt(path) === null) {
    return found.broken(
      `${path} exists and is not a socket`,
      "move it away, or choose another path",
    );
  }
  const error = tryConnect(path);
  // A bal that was killed has left it: the next one removes it.
  if (error === ECONNREFUSED) return isFile ? examineFolder(dirname(path), found) : undefined;
  if (error === 0 || errnoCode(error) === "EAGAIN") {
    const who = namesOf(holdersOfPath(path));
    return found.broken(`${path} is in use by ${who}`, "stop it, or choose another path");
  }
  const message = `it is unknown whether a process listens on ${path}: ${errnoCode(error)}`;
  found.broken(message, `if none does: rm ${path}`);
}

function examineFolder(folder: string, found: Findings): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") {
      const remedy = `mkdir -p ${folder}, or RuntimeDirectory= in a systemd unit`;
      return found.broken(`the folder ${folder} does not exist`, remedy);
    }
    found.broken(
      `this user may not create a socket in ${folder}`,
      "use a folder that it may write to",
    );
  }
}
