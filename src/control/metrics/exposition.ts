// Families of metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0. Pure.
import type { Histogram } from "../../shared/histograms.ts";

export type Labels = Readonly<Record<string, string>>;

export type Sample = {
  /** `_bucket`, `_sum`, `_count`; none for a plain value. */
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
};

export type Family = {
  /** A counter's ends in `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
};

export type Format = "prometheus" | "openmetrics";

export const CONTENT_TYPES = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;

/** The format that a scraper asks for; Prometheus' own where it asks for none. */
export function formatFor(accept: string | null): Format {
  return accept?.includes("application/openmetrics-text") ? "openmetrics" : "prometheus";
}

export function expose(families: readonly Family[], format: Format): string {
  const text = families.map((family) => exposeFamily(family, format)).join("");
  return format === "openmetrics" ? `${text}# EOF\n` : text;
}

/** A family of one histogram for each set of labels. */
export function histogramSamples(
  bounds: readonly number[],
  labels: Labels,
  { counts, sum }: Histogram,
): readonly Sample[] {
  let below = 0;
  const buckets = [...bounds.map(String), "+Inf"].map((le, i): Sample => {
    below += counts[i] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le }, value: below };
  });
  const total = [
    { suffix: "_sum", labels, value: sum },
    { suffix: "_count", labels, value: below },
  ];
  return [...buckets, ...total];
}

function exposeFamily({ name, type, help, samples }: Family, format: Format): string {
  // OpenMetrics names a family of counters without the ending that its samples have.
  const family =
    format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  const lines = samples.map(
    ({ suffix = "", labels, value }) => `${name}${suffix}${showLabels(labels)} ${showValue(value)}`,
  );
  return `${[`# HELP ${family} ${help}`, `# TYPE ${family} ${type}`, ...lines].join("\n")}\n`;
}

function showLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function showValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
