// Sees when the config file changes, by polling stat: it notices overwrite, rename, symlink swap, a
// new folder and NFS alike, where directory watches go blind.
import { type BigIntStats, statSync } from "node:fs";

type WatchOptions = {
  /** The state of the file when it was loaded; by default its present state. */
  readonly fingerprint?: string | null;
  readonly intervalMs?: number;
  /** The file at the path is a bind mount, and another one has taken its place outside: it cannot be seen
   *  from here. Called once. */
  readonly onOrphan?: () => void;
};

const INTERVAL_MS = 500;

/** Polls of a file, from its making until `close`. */
export class ConfigWatcher {
  private readonly file: string;
  private readonly onChange: () => void;
  private readonly onOrphan: () => void;
  private readonly timer: Timer;
  /** Another file has taken its place where this process does not see it. */
  isOrphan = false;
  /** There is no file at the path, and was none at the poll before. */
  isMissing = false;
  /** The state that was last loaded. */
  private loaded: string | null;
  /** The state that the last poll saw. */
  private seen: string | null;

  constructor(file: string, onChange: () => void, options: WatchOptions = {}) {
    const { fingerprint = fingerprintOf(file), intervalMs = INTERVAL_MS } = options;
    this.onOrphan = options.onOrphan ?? (() => {});
    this.file = file;
    this.onChange = onChange;
    this.loaded = fingerprint;
    this.seen = fingerprint;
    this.timer = setInterval(() => this.poll(), intervalMs);
  }

  /** It is being loaded, and looked like this just before: that is no change. */
  markLoaded(fingerprint: string | null): void {
    this.loaded = fingerprint;
    this.seen = fingerprint;
  }

  close(): void {
    clearInterval(this.timer);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // A change counts once it has held still for two polls: nobody is in the middle of writing it.
  private poll(): void {
    const stats = statOf(this.file);
    const now = fingerprintBy(stats);
    this.lookForOrphan(stats);
    const heldStill = now === this.seen;
    this.isMissing = now === null && heldStill;
    this.seen = now;
    if (now === null || now === this.loaded || !heldStill) return;
    this.loaded = now;
    this.onChange();
  }

  // It has a path, and yet no name is left of it: so a mount holds it.
  private lookForOrphan(stats: BigIntStats | null): void {
    const isOrphan = stats?.isFile() === true && stats.nlink === 0n;
    if (isOrphan && !this.isOrphan) this.onOrphan();
    this.isOrphan = isOrphan;
  }
}

/** Calls `onChange` when the file has changed; null when it is no regular file and can't. */
export function watchConfig(
  file: string,
  onChange: () => void,
  options?: WatchOptions,
): ConfigWatcher | null {
  if (isSpecialFile(file)) return null;
  return new ConfigWatcher(file, onChange, options);
}

/** A pipe, a device, a folder: read once, if at all. */
export function isSpecialFile(file: string): boolean {
  const stats = statOf(file);
  return stats !== null && !stats.isFile();
}

/** The value that changes with the file; null while there is no regular file. The time of change (ctime) shows new
 *  rights, and of new content with the old size and date. */
export function fingerprintOf(file: string): string | null {
  return fingerprintBy(statOf(file));
}

function fingerprintBy(stats: BigIntStats | null): string | null {
  if (stats === null || !stats.isFile()) return null;
  return `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}

function statOf(file: string): BigIntStats | null {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
