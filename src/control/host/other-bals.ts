// Bals that run on this host in another home, as far as this user may know. Linux only.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";

export type OtherBal = {
  readonly pid: number;
  readonly uid: number;
  /** Null: this user may not know it. */
  readonly home: string | null;
};

export function otherBals(): readonly OtherBal[] {
  return pids().flatMap((pid) => {
    const [program = "", command] = readText(`/proc/${pid}/cmdline`).split("\0");
    if (basename(program) !== "bal" || command !== "start") return [];
    const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    return uid === undefined ? [] : [{ pid, uid, home: homeOf(pid) }];
  });
}

function homeOf(pid: number): string | null {
  const entries = readText(`/proc/${pid}/environ`).split("\0");
  const variable = (name: string) =>
    entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const [explicit, userHome] = [variable("BAL_HOME"), variable("HOME")];
  if (explicit) return resolve(explicit);
  return userHome ? join(userHome, ".bal") : null;
}

function pids(): readonly number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
