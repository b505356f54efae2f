// The one list of what is wrong. Sources are asked for what they find now; the list remembers since when
// each problem lasts, and puts the worst first.
import { type Problem, SEVERITIES } from "../../../api/problems.ts";

/** `since`: where the source knows it; else the problem began when it was first found. */
export type Found = Omit<Problem, "since"> & { readonly since?: string };

type Source = () => readonly Found[];

/** Nobody may ask for the status for hours: problems are looked for meanwhile, so that `since` is true. */
const LOOK_MS = 2000;

export class ProblemList {
  private readonly source: Source;
  private readonly now: () => Date;
  private timer: Timer | null = null;
  private known: ReadonlyMap<string, string> = new Map();

  constructor(source: Source, now = () => new Date()) {
    this.source = source;
    this.now = now;
  }

  /** Looks again and again. */
  keep(): void {
    this.timer = setInterval(() => this.read(), LOOK_MS).unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  read(): readonly Problem[] {
    const time = this.now().toISOString();
    const problems = this.source().map((found) => ({
      ...found,
      since: found.since ?? this.known.get(keyOf(found)) ?? time,
    }));
    this.known = new Map(problems.map((problem) => [keyOf(problem), problem.since]));
    // The order of the sources decides among equals.
    return SEVERITIES.flatMap((severity) => problems.filter((one) => one.severity === severity));
  }
}

function keyOf({ code, subject }: Pick<Problem, "code" | "subject">): string {
  return `${code}\0${subject}`;
}
