// Follows names, off the data path: asks before a config is served, and again when an answer's time
// is over. The last good answer is kept whatever happens.
import { codeOf } from "../../base/os-error.ts";

export type Answer<T> = {
  readonly records: readonly T[];
  /** How long it may be used; Infinity: as long as any. */
  readonly ttlMs: number;
};

export type ResolverOptions<T> = {
  /** Rejects when there is no answer. `known` is the last good one. */
  readonly lookUp: (name: string, known: readonly T[] | null) => Promise<Answer<T>>;
  /** A name's answer has changed. */
  readonly onChange: (name: string) => void;
  /** A look-up of a name with an answer has failed (its code), or goes well again (null). */
  readonly onTurn?: (name: string, error: string | null) => void;
};

/** However short a TTL is, and at first when a look-up has failed. */
const MIN_PAUSE_MS = 1000;

type Name<T> = {
  /** In the order of the first answer: another order is no change. */
  records: readonly T[] | null;
  ttlMs: number;
  error: string | null;
  /** Look-ups in a row that have failed. */
  failures: number;
  /** The look-up under way. */
  pending: Promise<void> | null;
  timer: Timer | null;
};

export class Resolver<T> {
  /** The longest that an answer is used before it is asked for again. */
  intervalMs = 10_000;
  private readonly options: ResolverOptions<T>;
  private readonly names = new Map<string, Name<T>>();
  /** Those that are kept fresh. */
  private followed: ReadonlySet<string> = new Set();

  constructor(options: ResolverOptions<T>) {
    this.options = options;
  }

  /** Looks up those that are not known yet; goes on after `withinMs` whatever came of it. */
  async resolve(names: readonly string[], withinMs: number): Promise<void> {
    const unknown = names.filter((name) => this.answer(name) === null);
    if (unknown.length === 0) return;
    const answers = Promise.all(unknown.map((name) => this.lookUp(name)));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    await Promise.race([answers, late]);
    clearTimeout(timer);
  }

  /** Keeps these names fresh and forgets all others. */
  sync(names: readonly string[]): void {
    this.followed = new Set(names);
    for (const [name, entry] of this.names) {
      if (this.followed.has(name)) continue;
      this.rest(entry);
      this.names.delete(name);
    }
    for (const name of this.followed) this.schedule(name, this.entry(name));
  }

  /** Asks for all of them at once: there are other servers. */
  askAgain(): void {
    for (const name of this.followed) void this.lookUp(name);
  }

  /** The last good answer, or null. */
  answer(name: string): readonly T[] | null {
    return this.names.get(name)?.records ?? null;
  }

  /** Why the last look-up failed, or null. */
  lastError(name: string): string | null {
    return this.names.get(name)?.error ?? null;
  }

  /** For good: answers that are under way are not told any more. */
  stop(): void {
    this.sync([]);
  }

  private entry(name: string): Name<T> {
    let entry = this.names.get(name);
    if (entry === undefined) {
      entry = { records: null, ttlMs: 0, error: null, failures: 0, pending: null, timer: null };
      this.names.set(name, entry);
    }
    return entry;
  }

  // Never two for one name.
  private lookUp(name: string): Promise<void> {
    const entry = this.entry(name);
    this.rest(entry);
    entry.pending ??= this.ask(name, entry).finally(() => {
      entry.pending = null;
      this.schedule(name, entry);
    });
    return entry.pending;
  }

  private async ask(name: string, entry: Name<T>): Promise<void> {
    const { lookUp, onChange } = this.options;
    try {
      const { records, ttlMs } = await lookUp(name, entry.records);
      if (records.length === 0) return this.fail(name, entry, "ENODATA");
      entry.ttlMs = ttlMs;
      this.turn(name, entry, null);
      const distinct = unique(records);
      if (isSame(distinct, entry.records)) return;
      entry.records = distinct;
      if (this.isFollowed(name, entry)) onChange(name);
    } catch (error) {
      this.fail(name, entry, codeOf(error) ?? String(error));
    }
  }

  private fail(name: string, entry: Name<T>, error: string): void {
    entry.failures++;
    this.turn(name, entry, error);
  }

  private turn(name: string, entry: Name<T>, error: string | null): void {
    const hasTurned = (error === null) !== (entry.error === null);
    entry.error = error;
    if (error === null) entry.failures = 0;
    if (!hasTurned || entry.records === null || !this.isFollowed(name, entry)) return;
    this.options.onTurn?.(name, error);
  }

  private isFollowed(name: string, entry: Name<T>): boolean {
    return this.followed.has(name) && this.names.get(name) === entry;
  }

  private schedule(name: string, entry: Name<T>): void {
    if (!this.isFollowed(name, entry) || entry.timer !== null || entry.pending !== null) return;
    entry.timer = setTimeout(() => void this.lookUp(name), this.pauseMs(entry));
  }

  private pauseMs({ records, error, failures, ttlMs }: Name<T>): number {
    if (records === null && error === null) return 0;
    const wantedMs = failures === 0 ? ttlMs : MIN_PAUSE_MS * 2 ** (failures - 1);
    return Math.min(this.intervalMs, Math.max(MIN_PAUSE_MS, wantedMs));
  }

  private rest(entry: Name<T>): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
  }
}

function unique<T>(records: readonly T[]): readonly T[] {
  return [...new Map(records.map((record) => [keyOf(record), record])).values()];
}

function isSame<T>(a: readonly T[], b: readonly T[] | null): boolean {
  if (b === null || a.length !== b.length) return false;
  const keys = new Set(b.map(keyOf));
  return a.every((record) => keys.has(keyOf(record)));
}

// Records are strings, or plain objects that are always made alike.
function keyOf(record: unknown): string {
  return JSON.stringify(record);
}
