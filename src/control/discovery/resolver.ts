// Follows names, off the data path: asks before a config is served, and again when an answer's time
// is over. Trouble never takes the last good answer away; a server that says for a while that there
// is nothing does.
import { codeOf } from "../../base/os-error.ts";

export type Answer<T> = {
  /** None: the name is there, but not what was asked for. */
  readonly records: readonly T[];
  /** How long it may be used; Infinity: as long as any. */
  readonly ttlMs: number;
  /** Under which complete name it was found. */
  readonly name?: string;
  /** The whole answer, where this is the part that was there first. */
  readonly late?: Promise<Answer<T>>;
};

type ResolverOptions<T> = {
  /** Rejects when there is no answer. `known` is the last good one. */
  readonly lookUp: (name: string, known: Answer<T> | null) => Promise<Answer<T>>;
  /** A name's answer has changed. */
  readonly onChange: (name: string) => void;
  readonly onTurn?: (turn: Turn) => void;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
};

/** The change of a name that had an answer. */
export type Turn = {
  readonly name: string;
  /** `fails`: its look-up has failed; `answers`: it goes well again; `gone`: a server has said for long
   *  enough that there is nothing, so the last answer is given up. */
  readonly kind: "fails" | "answers" | "gone";
  /** The code of the last look-up; null: it went well. */
  readonly error: string | null;
};

/** The answer that another process knew for a name. */
export type KnownAnswer<T> = { readonly name: string; readonly records: readonly T[] };

/** However short a TTL is, and at first when a look-up has failed. */
const MIN_PAUSE_MS = 1000;
const ABSENT = ["ENOTFOUND", "ENODATA"];

type Name<T> = {
  /** Its records are in the order of the first answer: another order is no change. */
  answer: Answer<T> | null;
  error: string | null;
  /** Look-ups in a row that have failed. */
  failures: number;
  /** Since when servers say that there is nothing, without an answer between; null: they don't. */
  absentSinceMs: number | null;
  /** The look-up under way. */
  pending: Promise<void> | null;
  timer: Timer | null;
};

/** Does an error say that a name, or what was asked of it, does not exist? */
export function isAbsent(error: string | null | undefined): boolean {
  return ABSENT.includes(error ?? "");
}

export class Resolver<T> {
  /** The longest that an answer is used before it is asked for again. */
  intervalMs = 10_000;
  /** How long servers have to say that there is nothing before the last answer is given up. */
  holdMs = 30_000;
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

  /** Takes what was known elsewhere as the last good answers. Each is asked for as soon as it is followed. */
  know(answers: readonly KnownAnswer<T>[]): void {
    for (const { name, records } of answers) {
      this.entry(name).answer ??= { records, ttlMs: 0 };
    }
  }

  /** The last good answers of those that are followed. */
  knowledge(): readonly KnownAnswer<T>[] {
    return [...this.followed].flatMap((name) => {
      const records = this.answer(name);
      return records === null ? [] : [{ name, records }];
    });
  }

  /** Keeps these names fresh and forgets all others. */
  setNames(names: readonly string[]): void {
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
    return this.names.get(name)?.answer?.records ?? null;
  }

  /** Why the last look-up failed, or null. */
  lastError(name: string): string | null {
    return this.names.get(name)?.error ?? null;
  }

  /** For good: answers that are under way are not told any more. */
  stop(): void {
    this.setNames([]);
  }

  private entry(name: string): Name<T> {
    let entry = this.names.get(name);
    if (entry === undefined) {
      const nothing = {
        answer: null,
        error: null,
        absentSinceMs: null,
        pending: null,
        timer: null,
      };
      entry = { ...nothing, failures: 0 };
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
    try {
      const answer = await this.options.lookUp(name, entry.answer);
      if (answer.records.length === 0) return this.fail(name, entry, "ENODATA");
      this.take(name, entry, answer);
      const taken = entry.answer;
      // A newer answer is kept: the late one is older.
      answer.late?.then(
        (whole) => entry.answer === taken && this.take(name, entry, whole),
        () => {},
      );
    } catch (error) {
      this.fail(name, entry, codeOf(error) ?? String(error));
    }
  }

  private take(name: string, entry: Name<T>, { late: _, ...answer }: Answer<T>): void {
    const before = entry.answer;
    const distinct = unique(answer.records);
    const isOther = !isSame(distinct, before?.records ?? null);
    const hadFailed = entry.error !== null;
    const records = isOther ? distinct : (before?.records ?? distinct);
    Object.assign(entry, { answer: { ...answer, records }, error: null, failures: 0 });
    entry.absentSinceMs = null;
    if (hadFailed && before !== null) this.tell(name, entry, "answers");
    if (isOther && this.isFollowed(name, entry)) this.options.onChange(name);
  }

  private fail(name: string, entry: Name<T>, error: string): void {
    const hadFailed = entry.error !== null;
    entry.failures++;
    entry.error = error;
    if (isAbsent(error)) entry.absentSinceMs ??= this.now();
    if (entry.answer === null) return;
    if (isAbsent(error) && this.heldForMs(entry) <= 0) {
      entry.answer = null;
      this.tell(name, entry, "gone");
      if (this.isFollowed(name, entry)) this.options.onChange(name);
    } else if (!hadFailed) this.tell(name, entry, "fails");
  }

  private tell(name: string, entry: Name<T>, kind: Turn["kind"]): void {
    if (this.isFollowed(name, entry)) this.options.onTurn?.({ name, kind, error: entry.error });
  }

  private isFollowed(name: string, entry: Name<T>): boolean {
    return this.followed.has(name) && this.names.get(name) === entry;
  }

  private schedule(name: string, entry: Name<T>): void {
    if (!this.isFollowed(name, entry) || entry.timer !== null || entry.pending !== null) return;
    entry.timer = setTimeout(() => void this.lookUp(name), this.pauseMs(entry));
  }

  private pauseMs(entry: Name<T>): number {
    const { answer, error, failures } = entry;
    if (answer === null && error === null) return 0;
    const wantedMs = failures === 0 ? (answer?.ttlMs ?? 0) : MIN_PAUSE_MS * 2 ** (failures - 1);
    const pauseMs = Math.min(this.intervalMs, Math.max(MIN_PAUSE_MS, wantedMs));
    const isHeld = answer !== null && entry.absentSinceMs !== null;
    return isHeld ? Math.max(MIN_PAUSE_MS, Math.min(pauseMs, this.heldForMs(entry))) : pauseMs;
  }

  /** How much longer servers have to say that there is nothing. */
  private heldForMs({ absentSinceMs }: Name<T>): number {
    const nowMs = this.now();
    return (absentSinceMs ?? nowMs) + this.holdMs - nowMs;
  }

  private now(): number {
    return (this.options.now ?? performance.now.bind(performance))();
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
