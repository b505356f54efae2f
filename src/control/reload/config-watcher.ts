// Sees when the config file changes, by polling stat: it notices overwrite, rename, symlink swap, a
// new folder and NFS alike, where directory watches go blind.
import { type BigIntStats, statSync } from "node:fs";

export type WatchOptions = {
  /** What the file looked like when it was loaded; by default as it looks now. */
  readonly fingerprint?: string | null;
  readonly intervalMs?: number;
};

const INTERVAL_MS = 500;

/** Polls of a file, from its making until `close`. */
export class ConfigWatcher {
  private readonly file: string;
  private readonly onChange: () => void;
  private readonly timer: Timer;
  /** What was last loaded. */
  private loaded: string | null;
  /** What the last poll saw. */
  private seen: string | null;

  constructor(file: string, onChange: () => void, options: WatchOptions = {}) {
    const { fingerprint = fingerprintOf(file), intervalMs = INTERVAL_MS } = options;
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
    const now = fingerprintOf(this.file);
    const heldStill = now === this.seen;
    this.seen = now;
    if (now === null || now === this.loaded || !heldStill) return;
    this.loaded = now;
    this.onChange();
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

/** By what a change is told; null while there is no regular file. */
export function fingerprintOf(file: string): string | null {
  const stats = statOf(file);
  if (stats === null || !stats.isFile()) return null;
  return `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs}`;
}

function statOf(file: string): BigIntStats | null {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
