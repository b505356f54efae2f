// Metrics as text.
import { expect, test } from "bun:test";
import { expose, formatFor, histogramSamples } from "../../../src/control/metrics/exposition.ts";

const counter = {
  name: "bal_x_total",
  type: "counter",
  help: "Things.",
  samples: [{ labels: { backend: 'a"b\\c\nd' }, value: 3 }],
} as const;

test("a counter, with what labels may have in them", () => {
  expect(expose([counter], "prometheus")).toBe(
    '# HELP bal_x_total Things.\n# TYPE bal_x_total counter\nbal_x_total{backend="a\\"b\\\\c\\nd"} 3\n',
  );
});

test("OpenMetrics names a counter's family without its ending, and has an end", () => {
  const text = expose([counter], "openmetrics");
  expect(text).toContain("# TYPE bal_x counter\nbal_x_total{");
  expect(text.endsWith("# EOF\n")).toBe(true);
});

test("a family without a sample shows its type", () => {
  expect(expose([{ ...counter, samples: [] }], "prometheus")).toBe(
    "# HELP bal_x_total Things.\n# TYPE bal_x_total counter\n",
  );
});

test("buckets count all that is below", () => {
  const samples = histogramSamples([0.1, 1], { pool: "p" }, { counts: [2, 3, 1], sum: 9.5 });
  expect(samples.map(({ suffix, labels, value }) => [suffix, labels.le ?? null, value])).toEqual([
    ["_bucket", "0.1", 2],
    ["_bucket", "1", 5],
    ["_bucket", "+Inf", 6],
    ["_sum", null, 9.5],
    ["_count", null, 6],
  ]);
});

test.each([
  [null, "prometheus"],
  ["text/plain;version=0.0.4", "prometheus"],
  ["application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "openmetrics"],
])("%p asks for %s", (accept, format) => {
  expect(formatFor(accept)).toBe(format as never);
});
