// The shared memory of the planes: how many rows there are of what, and where each region lies.
// Untouched pages cost nothing.
import { ENDS } from "./end-reason.ts";

export const MAX_WORKERS = 8;
/** Rows for threads: the workers', then one for each worker's splicer. */
const THREADS = 2 * MAX_WORKERS;
/** Backends over all pools, those that still drain included. */
export const MAX_BACKENDS = 4096;
export const MAX_POOLS = 1024;
export const MAX_LISTENERS = 1024;

/** The row of a worker's splicer. */
export function splicerRow(worker: number): number {
  return MAX_WORKERS + worker;
}

/** The rows that may have anything in them with so many workers. */
export function rowsOf(workers: number): readonly number[] {
  const own = Array.from({ length: workers }, (_, worker) => worker);
  return [...own, ...own.map(splicerRow)];
}

/** Floats in a backend's row; more than it has totals, so that a new one moves nothing. */
export const BACKEND_ROW = 16;
/** A listener's row: accepted, then one per end. */
export const LISTENER_ROW = 64;
export const ACCEPTED = 0;
export const FIRST_END = 1;
/** Words of a worker: heartbeat, sessions. */
export const WORKER_ROW = 16;
export const HEARTBEAT = 0;
export const SESSIONS = 1;
/** Floats of a worker: buffered bytes, how late its loop was. */
export const BUFFERED = 0;
export const LAG_MS = 1;

if (FIRST_END + ENDS.length > LISTENER_ROW) throw new RangeError("LISTENER_ROW is too short");

/** Floats of a histogram: its buckets, the one above them, room, and the sum. */
export const HISTOGRAM_ROW = 16;
/** Cells for clients' addresses; those whose hashes meet share one. */
export const CLIENT_CELLS = 65_536;

/** As many as fs.nr_open allows a process by default. */
const MAX_DESCRIPTORS = 1024 * 1024;

type Region = { readonly offset: number; readonly length: number };

let end = 0;
const region = (length: number, bytesEach: 1 | 4 | 8): Region => {
  const offset = end;
  end += Math.ceil((length * bytesEach) / 64) * 64;
  return { offset, length };
};

export const REGIONS = {
  health: region(MAX_BACKENDS, 4),
  failures: region(MAX_BACKENDS, 4),
  coldness: region(MAX_BACKENDS, 4),
  cursors: region(MAX_POOLS, 4),
  eligibility: region(16, 4),
  workerCount: region(16, 4),
  workers: region(THREADS * WORKER_ROW, 4),
  backendActive: region(THREADS * MAX_BACKENDS, 4),
  listenerActive: region(THREADS * MAX_LISTENERS, 4),
  buffered: region(THREADS * WORKER_ROW, 8),
  backendTotals: region(THREADS * MAX_BACKENDS * BACKEND_ROW, 8),
  listenerTotals: region(THREADS * MAX_LISTENERS * LISTENER_ROW, 8),
  tickets: region(MAX_POOLS, 4),
  queued: region(MAX_WORKERS * MAX_POOLS, 4),
  queueHeads: region(MAX_WORKERS * MAX_POOLS, 4),
  awaiting: region(MAX_WORKERS * MAX_POOLS, 4),
  dialSeconds: region(THREADS * MAX_BACKENDS * HISTOGRAM_ROW, 8),
  sessionSeconds: region(THREADS * HISTOGRAM_ROW, 8),
  clientSeed: region(1, 4),
  clientActive: region(THREADS * CLIENT_CELLS, 4),
  listenerRates: region(MAX_LISTENERS, 8),
  clientRates: region(CLIENT_CELLS, 8),
  descriptors: region(MAX_DESCRIPTORS, 1),
  descriptorListeners: region(MAX_DESCRIPTORS, 4),
};

export const BOARD_BYTES = end;

export function bytes(memory: SharedArrayBuffer, { offset, length }: Region): Uint8Array {
  return new Uint8Array(memory, offset, length);
}

export function words(memory: SharedArrayBuffer, { offset, length }: Region): Int32Array {
  return new Int32Array(memory, offset, length);
}

export function floats(memory: SharedArrayBuffer, { offset, length }: Region): Float64Array {
  return new Float64Array(memory, offset, length);
}

export function longs(memory: SharedArrayBuffer, { offset, length }: Region): BigInt64Array {
  return new BigInt64Array(memory, offset, length);
}
