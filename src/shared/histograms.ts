// How long things took: one row of buckets per thread, with a single writer each, summed by the reader.
import { floats, HISTOGRAM_ROW, MAX_BACKENDS, REGIONS } from "./board-layout.ts";

/** Upper bounds in seconds; above the last one is one bucket more. */
export const DIAL_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
] as const;
export const SESSION_BUCKETS = [0.01, 0.1, 1, 10, 60, 300, 1800, 3600, 21_600, 86_400] as const;

/** Not cumulative: one count for each bound, then what is above. */
export type Histogram = { readonly counts: readonly number[]; readonly sum: number };

/** The last cell of a row. */
const SUM = HISTOGRAM_ROW - 1;

export class Histograms {
  private readonly threads: readonly number[];
  private readonly dials: Float64Array;
  private readonly sessions: Float64Array;

  /** @param threads the rows in use */
  constructor(memory: SharedArrayBuffer, threads: readonly number[]) {
    this.threads = threads;
    this.dials = floats(memory, REGIONS.dialSeconds);
    this.sessions = floats(memory, REGIONS.sessionSeconds);
  }

  observeDial(thread: number, slot: number, seconds: number): void {
    observe(this.dials, (thread * MAX_BACKENDS + slot) * HISTOGRAM_ROW, DIAL_BUCKETS, seconds);
  }

  observeSession(thread: number, seconds: number): void {
    observe(this.sessions, thread * HISTOGRAM_ROW, SESSION_BUCKETS, seconds);
  }

  /** The times of a backend's dials that succeeded. */
  dialsOf(slot: number): Histogram {
    const rows = this.threads.map((thread) => (thread * MAX_BACKENDS + slot) * HISTOGRAM_ROW);
    return total(this.dials, rows, DIAL_BUCKETS);
  }

  /** The times of the sessions that have ended. */
  allSessions(): Histogram {
    const rows = this.threads.map((thread) => thread * HISTOGRAM_ROW);
    return total(this.sessions, rows, SESSION_BUCKETS);
  }

  /** Forgets a backend's row that is given to another one. */
  resetSlot(slot: number): void {
    for (const thread of this.threads) {
      const row = (thread * MAX_BACKENDS + slot) * HISTOGRAM_ROW;
      this.dials.fill(0, row, row + HISTOGRAM_ROW);
    }
  }
}

/** One that is kept by a single thread. */
export class LocalHistogram {
  private readonly row = new Float64Array(HISTOGRAM_ROW);

  observe(seconds: number): void {
    observe(this.row, 0, DIAL_BUCKETS, seconds);
  }

  read(): Histogram {
    return { counts: [...this.row.subarray(0, DIAL_BUCKETS.length + 1)], sum: this.row[SUM] ?? 0 };
  }
}

function observe(
  cells: Float64Array,
  row: number,
  bounds: readonly number[],
  seconds: number,
): void {
  let bucket = 0;
  while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket++;
  cells[row + bucket] = (cells[row + bucket] ?? 0) + 1;
  cells[row + SUM] = (cells[row + SUM] ?? 0) + seconds;
}

function total(cells: Float64Array, rows: readonly number[], bounds: readonly number[]): Histogram {
  const add = (column: number) => {
    let sum = 0;
    for (const row of rows) sum += cells[row + column] ?? 0;
    return sum;
  };
  return { counts: Array.from({ length: bounds.length + 1 }, (_, i) => add(i)), sum: add(SUM) };
}
