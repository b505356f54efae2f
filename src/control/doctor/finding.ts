// The findings of an examination of this host: one thing each, and what to do about it.

/** `advice`: it works, and could be better. `broken`: something does not work until it is seen to. */
export type Level = "ok" | "advice" | "broken";

export type Finding = {
  /** The thing that was looked at, a stable kebab-case word: `ports`, `open-files`… */
  readonly check: string;
  readonly level: Level;
  /** Without a full stop. */
  readonly message: string;
  /** The remedy; null when there is nothing to do. */
  readonly remedy: string | null;
};

/** One check's findings. */
export class Findings {
  readonly all: Finding[] = [];
  private readonly check: string;

  constructor(check: string) {
    this.check = check;
  }

  ok(message: string): void {
    this.all.push({ check: this.check, level: "ok", message, remedy: null });
  }

  advise(message: string, remedy: string): void {
    this.all.push({ check: this.check, level: "advice", message, remedy });
  }

  broken(message: string, remedy: string): void {
    this.all.push({ check: this.check, level: "broken", message, remedy });
  }

  /** Reports several things that are all well in one line; said only where nothing else is. */
  okUnlessOther(message: string): this {
    if (this.all.length === 0) this.ok(message);
    return this;
  }
}

/** Does it for each, so many at a time; the results in the order of the items. */
export async function mapEach<T, R>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return results;
}
