// The settings of single backends that operators have changed at run time, over the config. Kept over
// reloads and restarts in the home's state file.
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { Override } from "../../api/admin-api.ts";
import { codeOf } from "../../base/os-error.ts";
import type { Log } from "../logs/log.ts";
import { readOverride } from "./override.ts";

type Entry = {
  readonly pool: string;
  readonly backend: string;
  readonly override: Override;
  /** Since when something of it is set; ISO 8601. */
  readonly since: string;
};

/** How soon a file that could not be written is tried again. */
const RETRY_MS = 10_000;

export class OverrideStore {
  private readonly file: string | null;
  private readonly log: Log;
  private readonly byIdentity = new Map<string, Entry>();
  /** Since when the file is not as it should be, and why; null: it is. */
  unsaved: { readonly since: string; readonly message: string } | null = null;

  /** Reads the file. Null: nothing is kept beyond this process. Never throws. */
  constructor(file: string | null, log: Log) {
    this.file = file;
    this.log = log;
    if (file !== null) for (const entry of this.read(file)) this.put(entry);
  }

  of(pool: string, backend: string): Override {
    return this.byIdentity.get(key(pool, backend))?.override ?? {};
  }

  /** Null: nothing of it is set. */
  since(pool: string, backend: string): string | null {
    return this.byIdentity.get(key(pool, backend))?.since ?? null;
  }

  /** An empty one is none. */
  set(pool: string, backend: string, override: Override): void {
    if (Bun.deepEquals(override, this.of(pool, backend))) return;
    this.put({ pool, backend, override, since: new Date().toISOString() });
    this.save();
  }

  /** Drops those of backends that are not there any more. */
  keepOnly(isThere: (pool: string, backend: string) => boolean): void {
    const gone = [...this.byIdentity.values()].filter(
      (entry) => !isThere(entry.pool, entry.backend),
    );
    if (gone.length === 0) return;
    for (const { pool, backend } of gone) {
      this.byIdentity.delete(key(pool, backend));
      const message = `${pool}/${backend} is no longer in the config; its override is removed`;
      this.log.info("override-dropped", message, { pool, backend });
    }
    this.save();
  }

  private put(entry: Entry): void {
    const { pool, backend, override } = entry;
    if (Object.keys(override).length === 0) this.byIdentity.delete(key(pool, backend));
    else this.byIdentity.set(key(pool, backend), entry);
  }

  private read(file: string): readonly Entry[] {
    try {
      const { overrides } = JSON.parse(readFileSync(file, "utf8")) as { overrides?: unknown };
      if (!Array.isArray(overrides)) throw new TypeError("it has no list of overrides");
      return overrides.map(readEntry);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      const why = codeOf(error) ?? (error instanceof Error ? error.message : String(error));
      const message = `cannot read ${file}: ${why}; drains and weights set by an operator are lost`;
      this.log.warn("state-unreadable", message);
      return [];
    }
  }

  // Whole or not at all, also when the host loses its power.
  private save(): void {
    if (this.file === null) return;
    const temporary = `${this.file}.${process.pid}`;
    const overrides = [...this.byIdentity.values()].map(flat);
    try {
      const fd = openSync(temporary, "w", 0o600);
      try {
        writeSync(fd, `${JSON.stringify({ overrides }, null, 2)}\n`);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, this.file);
      if (this.unsaved !== null)
        this.log.info("state-written", `${this.file} can be written again`);
      this.unsaved = null;
    } catch (error) {
      rmSync(temporary, { force: true });
      this.failed(
        `cannot write ${this.file}: ${codeOf(error) ?? String(error)}; drains and weights set by an operator are in force, but lost at the next start`,
      );
    }
  }

  private failed(message: string): void {
    if (this.unsaved?.message !== message) this.log.warn("state-unwritable", message);
    this.unsaved = { since: this.unsaved?.since ?? new Date().toISOString(), message };
    setTimeout(() => this.unsaved !== null && this.save(), RETRY_MS).unref();
  }
}

/** As it stands in the file: `{pool, backend, drain?, weight?, since}`. */
function flat({ pool, backend, override, since }: Entry): object {
  return { pool, backend, ...override, since };
}

function readEntry(value: unknown): Entry {
  const { pool, backend, since, ...rest } = {
    ...(value as Readonly<Record<string, unknown>> | null),
  };
  const read = readOverride(rest);
  if (typeof pool === "string" && typeof backend === "string" && read.kind === "valid") {
    // A file by hand may have no such time.
    const isTime = typeof since === "string" && !Number.isNaN(Date.parse(since));
    const from = isTime ? since : new Date().toISOString();
    return { pool, backend, override: read.override, since: from };
  }
  throw new TypeError(`it has an invalid override: ${JSON.stringify(value)}`);
}

function key(pool: string, backend: string): string {
  return `${pool}\0${backend}`;
}
