// Curves over time, as inline SVG: a panel with its reading, and a spark in a table's row.
import type { Series } from "../../../api/admin-api.ts";
import { clockTime, drawing, element, setText } from "./elements.ts";

/** The content of a panel: at most two curves, the second one dashed. */
type PanelOptions = {
  readonly title: string;
  /** The name of each curve; empty where there is one. */
  readonly labels: readonly string[];
  readonly format: (value: number | null) => string;
  /** From one unit to the next; 1000 unless it is said. */
  readonly step?: number;
};

/** When the samples were taken, and how far the plot reaches back from the last one. */
type Axis = { readonly times: readonly number[]; readonly spanMs: number };

const HEIGHT = 84;
const FOOT = 14;
const HEAD = 6;
const QUARTERS = [0.75, 0.5, 0.25];
const CLASSES = ["one", "two"] as const;

export class Panel {
  readonly root: HTMLElement;
  private readonly svg = drawing("svg", { height: String(HEIGHT), role: "img" });
  private readonly range = element("span", { class: "range" });
  private readonly readings: readonly HTMLElement[];
  private readonly options: PanelOptions;
  private axis: Axis = { times: [], spanMs: 300_000 };
  private series: readonly Series[] = [];
  private now: readonly (number | null)[] = [];
  /** The sample under the pointer. */
  private pointed: number | null = null;

  constructor(options: PanelOptions) {
    this.options = options;
    this.readings = options.labels.map(() => element("span"));
    const values = options.labels.map((label, index) =>
      element("span", options.labels.length === 1 ? {} : { class: CLASSES[index] ?? "" }, [
        this.readings[index] ?? "",
        element("small", {}, [label === "" ? "" : ` ${label}`]),
      ]),
    );
    this.root = element("figure", {}, [
      element("figcaption", {}, [element("span", {}, [options.title]), this.range]),
      element("div", { class: "reading" }, values),
      this.svg,
    ]);
    new ResizeObserver(() => this.draw()).observe(this.root);
    this.svg.addEventListener("pointermove", ({ offsetX }) => this.point(offsetX));
    this.svg.addEventListener("pointerleave", () => this.point(null));
  }

  /** `now` is what the readings say while nobody points at a sample. */
  show(axis: Axis, series: readonly Series[], now: readonly (number | null)[]): void {
    this.axis = axis;
    this.series = series;
    this.now = now;
    this.draw();
  }

  private point(x: number | null): void {
    const { times, spanMs } = this.axis;
    const back = (1 - (x ?? 0) / this.svg.clientWidth) * spanMs;
    const at = (times.at(-1) ?? 0) - back;
    this.pointed = x === null || times.length === 0 ? null : nearest(times, at);
    this.draw();
  }

  private draw(): void {
    const width = this.svg.clientWidth;
    const { format, title, labels, step = 1000 } = this.options;
    const { times, spanMs } = this.axis;
    const values = this.series.flat().filter((value) => value !== null);
    const most = Math.max(0, ...values);
    const top = roundUp(most, step);
    this.read();
    const latest = labels.map((label, i) => `${label} ${format(this.now[i] ?? null)}`.trim());
    const peak = values.length === 0 ? "nothing recorded yet" : `at most ${format(most)}`;
    this.svg.setAttribute(
      "aria-label",
      `${title}: now ${latest.join(", ")}; ${peak} in the last hour`,
    );
    const end = times.at(-1) ?? 0;
    const xOf = (time: number) => width - ((end - time) / spanMs) * width;
    const yOf = (value: number) => HEIGHT - FOOT - (value / top) * (HEIGHT - FOOT - HEAD);
    const parts: SVGElement[] = [];
    for (const part of [0, 0.5, 1]) parts.push(rule(0, width, yOf(top * part)));
    for (const part of QUARTERS) parts.push(mark(width * (1 - part), agoOf(spanMs * part)));
    const [first] = this.series;
    const points = (one: Series) => runs(one, (i) => xOf(times[i] ?? 0), yOf);
    if (first !== undefined) parts.push(...points(first).map((run) => area(run, yOf(0))));
    for (const [index, one] of this.series.entries()) {
      parts.push(...points(one).map((run) => curve(run, CLASSES[index] ?? "")));
    }
    if (most > 0) parts.push(scale(format(top).replace(/\.0+(?!\d)/, "")));
    if (this.pointed !== null) parts.push(cursor(xOf(times[this.pointed] ?? 0)));
    this.svg.replaceChildren(...parts);
  }

  private read(): void {
    const { format } = this.options;
    const { pointed, axis } = this;
    const { times } = axis;
    for (const [index, reading] of this.readings.entries()) {
      const value = pointed === null ? this.now[index] : this.series[index]?.[pointed];
      setText(reading, format(value ?? null));
    }
    const most = Math.max(0, ...this.series.flat().map((value) => value ?? 0));
    const time = pointed === null ? undefined : times[pointed];
    setText(
      this.range,
      time !== undefined
        ? clockTime(time)
        : times.length === 0
          ? "no sample yet"
          : `peak ${format(most)}`,
    );
  }
}

const SPARK = { width: 120, height: 18 };

export function spark(): SVGSVGElement {
  const { width, height } = SPARK;
  const viewBox = `0 0 ${width} ${height}`;
  return drawing("svg", { viewBox, height: String(height), "aria-hidden": "true" });
}

/** The newest at the right edge; `samples` is how many have room. */
export function drawSpark(svg: SVGSVGElement, series: Series, samples: number): void {
  const { width, height } = SPARK;
  const most = Math.max(0, ...series.map((value) => value ?? 0));
  const yOf = (value: number) => height - 1 - (most === 0 ? 0 : (value / most) * (height - 3));
  const offset = samples - series.length;
  const xOf = (index: number) => ((offset + index) / (samples - 1)) * width;
  const drawn = runs(series, xOf, yOf);
  svg.replaceChildren(...drawn.map((run) => curve(run, "one")));
}

type Point = readonly [x: number, y: number];

/** The points of each stretch without a gap; never more than two for a pixel. */
function runs(
  series: Series,
  xOf: (index: number) => number,
  yOf: (value: number) => number,
): readonly (readonly Point[])[] {
  const found: Point[][] = [];
  let run: Point[] | null = null;
  for (const [index, value] of series.entries()) {
    const x = xOf(index);
    if (value === null || x < 0) {
      run = null;
      continue;
    }
    if (run === null) {
      run = [];
      found.push(run);
    }
    run.push([x, yOf(value)]);
  }
  return found;
}

function pathOf(run: readonly Point[]): string {
  return run.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function curve(run: readonly Point[], name: string): SVGElement {
  // One sample alone is a dot.
  const [only] = run;
  const dot = run.length === 1 && only !== undefined ? `M${only[0] - 1.5} ${only[1]}h3` : null;
  return drawing("path", { class: `curve ${name}`, d: dot ?? pathOf(run) });
}

function area(run: readonly Point[], floor: number): SVGElement {
  const [from, to] = [run.at(0)?.[0] ?? 0, run.at(-1)?.[0] ?? 0];
  return drawing("path", { class: "area", d: `${pathOf(run)}L${to} ${floor}L${from} ${floor}Z` });
}

function rule(x1: number, x2: number, y: number): SVGElement {
  const at = Math.round(y) + 0.5;
  const line = { x1: String(x1), x2: String(x2), y1: String(at), y2: String(at) };
  return drawing("line", { class: "grid", ...line });
}

function cursor(x: number): SVGElement {
  const line = { x1: String(x), x2: String(x), y1: String(HEAD), y2: String(HEIGHT - FOOT) };
  return drawing("line", { class: "cursor", ...line });
}

function mark(x: number, text: string): SVGElement {
  const label = drawing("text", { x: String(x), y: String(HEIGHT - 2), "text-anchor": "middle" });
  label.textContent = text;
  return label;
}

/** The label of the topmost line. */
function scale(text: string): SVGElement {
  const label = drawing("text", { x: "0", y: String(HEAD + 11) });
  label.textContent = text;
  return label;
}

function nearest(times: readonly number[], at: number): number {
  let best = 0;
  for (const [index, time] of times.entries()) {
    if (Math.abs(time - at) < Math.abs((times[best] ?? 0) - at)) best = index;
  }
  return best;
}

function agoOf(ms: number): string {
  const minutes = ms / 60_000;
  const whole = Math.floor(minutes);
  const seconds = Math.round((minutes - whole) * 60);
  return `−${whole}:${String(seconds).padStart(2, "0")}`;
}

/** To the next 1, 2 or 5 with zeros, in its own unit: a scale that does not jump with every sample. */
function roundUp(value: number, step: number): number {
  if (value <= 0) return 1;
  const unit = step ** Math.max(0, Math.floor(Math.log(value) / Math.log(step)));
  const power = 10 ** Math.floor(Math.log10(value / unit));
  const rounded = [1, 2, 5, 10].find((factor) => factor * power * unit >= value) ?? 10;
  const top = rounded * power;
  return (top < 1000 ? top : step) * unit;
}
