// The ring of samples: rates from counters, gaps, and its end.
import { expect, test } from "bun:test";
import { HistoryRing, SAMPLE_MS, SAMPLES } from "../../../src/control/observe/history.ts";
import { backendStatus, poolStatus, statusOf } from "../../support/statuses.ts";

/** The n-th sample, and what is counted by then. */
function sample(ring: HistoryRing, n: number, ...pools: Parameters<typeof statusOf>[0]): void {
  const dials = { count: 4 * n, seconds: 0.1 * n };
  ring.sample({ ms: n * SAMPLE_MS, epochMs: n * SAMPLE_MS }, { ...statusOf(pools), dials });
}

test("counters become rates, of the whole and of each backend", () => {
  const ring = new HistoryRing(0);
  const at = (total: number) => backendStatus("a", { total, active: 3, bytes_up: total * 100 });
  sample(ring, 1, poolStatus("web", at(10), backendStatus("b", { check_ms: 2 })));
  sample(ring, 2, poolStatus("web", at(25), backendStatus("b", { check_ms: null })));
  expect(ring.read(SAMPLES)).toEqual({
    interval_s: 10,
    times: ["1970-01-01T00:00:10.000Z", "1970-01-01T00:00:20.000Z"],
    total: {
      active: [120, 120],
      connections_per_s: [50, 0],
      refused_per_s: [0, 0],
      bytes_up_per_s: [100, 150],
      bytes_down_per_s: [0, 0],
      check_ms: [2, 0.4],
      dial_ms: [25, 25],
    },
    backends: [
      {
        pool: "web",
        name: "a",
        active: [3, 3],
        connections_per_s: [1, 1.5],
        bytes_up_per_s: [100, 150],
        bytes_down_per_s: [0, 0],
        check_ms: [0.4, 0.4],
      },
      {
        pool: "web",
        name: "b",
        active: [0, 0],
        connections_per_s: [0, 0],
        bytes_up_per_s: [0, 0],
        bytes_down_per_s: [0, 0],
        check_ms: [2, null],
      },
    ],
  });
});

test("a sample that comes late is an average over its own time", () => {
  const ring = new HistoryRing(0);
  sample(ring, 4, poolStatus("web", backendStatus("a", { total: 40 })));
  expect(ring.read(1).backends[0]!.connections_per_s).toEqual([1]);
});

test("a backend that comes later has nothing before, one that is removed is forgotten", () => {
  const ring = new HistoryRing(0);
  sample(ring, 1, poolStatus("web", backendStatus("a")));
  sample(ring, 2, poolStatus("web", backendStatus("b", { total: 10 })));
  const { backends, times } = ring.read(SAMPLES);
  expect(times).toHaveLength(2);
  expect(backends.map(({ name, active }) => [name, active])).toEqual([["b", [null, 0]]]);
});

test("a backend that goes takes its part of the sums along: a gap, no spike", () => {
  const ring = new HistoryRing(0);
  const big = backendStatus("big", { bytes_up: 1e9 });
  sample(ring, 1, poolStatus("web", big, backendStatus("a", { bytes_up: 0 })));
  sample(ring, 2, poolStatus("web", backendStatus("a", { bytes_up: 20 })));
  sample(ring, 3, poolStatus("web", backendStatus("a", { bytes_up: 30 })));
  expect(ring.read(3).total.bytes_up_per_s).toEqual([100_000_000, null, 1]);
});

test("a mean of dials is of those in between; without one there is none", () => {
  const ring = new HistoryRing(0);
  const at = (n: number, count: number, seconds: number) =>
    ring.sample({ ms: n * SAMPLE_MS, epochMs: 0 }, { ...statusOf([]), dials: { count, seconds } });
  at(1, 10, 0.1);
  at(2, 10, 0.1);
  at(3, 12, 0.5);
  at(4, 1, 0.001);
  expect(ring.read(4).total.dial_ms).toEqual([10, null, 200, null]);
});

test("it holds an hour, the newest last", () => {
  const ring = new HistoryRing(0);
  for (let n = 1; n <= SAMPLES + 5; n++) sample(ring, n, poolStatus("web", backendStatus("a")));
  const { times } = ring.read(SAMPLES + 100);
  expect(times).toHaveLength(SAMPLES);
  expect(times.at(0)).toBe(new Date(6 * SAMPLE_MS).toISOString());
  expect(times.at(-1)).toBe(new Date((SAMPLES + 5) * SAMPLE_MS).toISOString());
  expect(ring.read(2).times).toEqual(times.slice(-2));
});

test("before the first sample it is empty", () => {
  expect(new HistoryRing(0).read(SAMPLES)).toMatchObject({ times: [], backends: [] });
});

test("of four thousand backends only the first have a track of their own", () => {
  const ring = new HistoryRing(0);
  const many = Array.from({ length: 4096 }, (_, n) => backendStatus(`b${n}`, { bytes_up: 10 }));
  sample(ring, 1, poolStatus("web", ...many));
  expect(ring.read(1).backends).toHaveLength(512);
  expect(ring.read(1).total.bytes_up_per_s).toEqual([4096]);
});
