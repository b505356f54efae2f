// Whom the files that bal obeys may belong to. Who may write the home can take its lock, have another
// process signalled, or answer in bal's place; who may write the config says where clients go. Such files
// are refused, as sshd and PostgreSQL refuse theirs.
import { lstatSync, type Stats, statSync } from "node:fs";
import { BalError } from "../../base/errors.ts";
import type { Home } from "./home.ts";

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;

/** Why no command may use a home: others may write it, or have files in it; null: none do, or it is not
 *  there yet. */
export function homeRisk(home: Home): BalError | null {
  const { path } = home;
  const folder = statOf(path);
  if (folder === null || !folder.isDirectory()) return null;
  if ((folder.mode & (OTHERS_WRITE | GROUP_WRITES)) !== 0) {
    return unsafe(
      `other users may write to ${path}, and could answer in place of bal`,
      `chmod 700 ${path}, or set BAL_HOME to a folder that bal creates itself, such as ${path}/bal`,
    );
  }
  // The superuser looks into the homes of others; a user has no business in them.
  const uid = process.getuid?.() ?? folder.uid;
  if (uid !== 0 && !isOwn(folder, uid)) return foreign(path, folder.uid);
  for (const file of [home.lock, home.pid, home.socket, home.state, home.log, home.config]) {
    const entry = lstatOf(file);
    // A symlink counts by who has made it.
    if (entry === null || entry.uid === folder.uid || isOwn(entry, uid)) continue;
    return unsafe(`${file} belongs to another user (${entry.uid}) than its folder`, `rm ${file}`);
  }
  return null;
}

/** Why no bal of this user may live in a home: it is another's; null: it is not. */
export function ownerRisk({ path }: Home): BalError | null {
  const folder = statOf(path);
  const uid = process.getuid?.();
  if (folder === null || uid === undefined || isOwn(folder, uid)) return null;
  return foreign(path, folder.uid);
}

/** Why a config is not to be obeyed: everybody may write it; null: only its owner and their group may. */
export function configRisk(file: string): BalError | null {
  const entry = statOf(file);
  if (!entry?.isFile() || (entry.mode & OTHERS_WRITE) === 0) return null;
  const message = `everybody may write to ${file}, and so decide where clients go`;
  return new BalError("config-not-safe", message, { hint: `chmod o-w ${file}` });
}

function isOwn({ uid }: Stats, self: number): boolean {
  return uid === self || uid === 0;
}

function foreign(path: string, owner: number): BalError {
  return unsafe(
    `${path} belongs to another user (${owner})`,
    "run bal as that user, or set BAL_HOME to a folder of your own",
  );
}

function unsafe(message: string, hint: string): BalError {
  return new BalError("home-not-safe", message, { hint });
}

function statOf(path: string): Stats | null {
  return attempt(() => statSync(path));
}

function lstatOf(path: string): Stats | null {
  return attempt(() => lstatSync(path));
}

// A path that cannot be looked at cannot be used either, and is reported where it is used.
function attempt(look: () => Stats): Stats | null {
  try {
    return look();
  } catch {
    return null;
  }
}
