// The files for Prometheus and Grafana ask for series that exist.
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryHome } from "../support/bal.ts";

const read = (path: string) => readFileSync(join(import.meta.dir, "../..", path), "utf8");

/** By name, with those that a histogram is made of. Another test holds the page to what is served. */
const series = new Set(
  [...read("docs/metrics.md").matchAll(/^\| `(\w+)`[^|]*\| (\w+) \|/gm)].flatMap(
    ([, name = "", type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name],
  ),
);

type Panel = {
  readonly id: number;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly { readonly expr: string }[];
};

type Dashboard = {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
};

const { panels, annotations } = JSON.parse(read("deploy/grafana/bal.json")) as Dashboard;
const asked = [...panels.flatMap(({ targets }) => targets), ...annotations.list];

test.each([
  ["deploy/grafana/bal.json", asked.map(({ expr }) => expr)],
  [
    "deploy/prometheus/bal.rules.yml",
    [...read("deploy/prometheus/bal.rules.yml").matchAll(/expr: (.*)/g)].map(([, expr]) => expr!),
  ],
])("%s names no series that there is not", (_, expressions) => {
  const named = expressions.flatMap((expr) => expr.match(/\b(?:bal|process)_\w+/g) ?? []);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !series.has(name))).toEqual([]);
});

test("no two panels of the dashboard share a place", () => {
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

const promtool = Bun.which("promtool");

test.skipIf(promtool === null)("promtool can read every expression of the dashboard", () => {
  const rules = asked.map(({ expr }, index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll("$__rate_interval", "5m"),
    labels: { panel: "x" },
  }));
  const groups = rules.map((rule, index) => ({ name: `g${index}`, rules: [rule] }));
  using folder = temporaryHome();
  const file = join(folder.path, "rules.yml");
  writeFileSync(file, JSON.stringify({ groups }));
  const checked = Bun.spawnSync([promtool!, "check", "rules", file]);
  expect(checked.exitCode, checked.stderr.toString()).toBe(0);
});

test.skipIf(promtool === null)("an alert begins and ends with its trouble", () => {
  const file = join(import.meta.dir, "bal.rules.test.yml");
  const tested = Bun.spawnSync([promtool!, "test", "rules", file]);
  expect(tested.exitCode, tested.stdout.toString() + tested.stderr.toString()).toBe(0);
});
