// The files of the Rust program of the same name stay valid: its keys become ours, each with a
// warning that says what to write today.
import { formatDuration } from "../base/units.ts";
import type { WrittenConfig } from "./read/raw-config.ts";
import type { Report } from "./report.ts";

type Section = "health_check" | "timeouts" | "limits" | "log";

type Renamed = {
  readonly section: Section;
  readonly key: string;
  /** How the value is written today. */
  readonly show: (value: number) => string;
};

const duration = (section: Section, key: string): Renamed => ({
  section,
  key,
  show: formatDuration,
});
const number = (section: Section, key: string): Renamed => ({ section, key, show: String });

const RENAMED: Readonly<Record<string, Renamed>> = {
  health_check_interval_ms: duration("health_check", "interval"),
  health_check_timeout_ms: duration("health_check", "timeout"),
  health_check_fail_threshold: number("health_check", "fall"),
  health_check_success_threshold: number("health_check", "rise"),
  backend_connect_timeout_ms: duration("timeouts", "connect"),
  connection_idle_timeout_ms: duration("timeouts", "idle"),
  max_concurrent_connections: number("limits", "max_connections"),
};

const WAITING = ["wait", "queue", "block"];

/** The same config in our own keys. A key of ours that is written as well wins. */
export function translateRustConfig(written: WrittenConfig, report: Report): WrittenConfig {
  const sections: Record<Section, Record<string, unknown>> = {
    health_check: {},
    timeouts: {},
    limits: {},
    log: {},
  };
  const { log_level, mode, runtime = {} } = written;
  if (log_level !== undefined) {
    const level = log_level === "trace" ? "debug" : log_level;
    sections.log.level = level;
    warnRenamed(report, "log_level", `log: {level: ${level}}`, written.log?.level !== undefined);
  }
  if (mode !== undefined) warnIgnored(report, "mode");
  for (const [name, value] of Object.entries(runtime)) {
    translateRuntime(name, value, { written, sections, report });
  }
  const merged = { ...written };
  for (const section of Object.keys(sections) as Section[]) {
    if (Object.keys(sections[section]).length === 0) continue;
    const own = written[section];
    const over = (one: object | undefined) => ({ ...sections[section], ...one });
    Object.assign(merged, { [section]: Array.isArray(own) ? own.map(over) : over(own) });
  }
  return merged;
}

type Translation = {
  readonly written: WrittenConfig;
  readonly sections: Record<Section, Record<string, unknown>>;
  readonly report: Report;
};

function translateRuntime(name: string, value: unknown, into: Translation): void {
  const { written, sections, report } = into;
  const path = `runtime.${name}`;
  const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
  if (name === "overload_policy") {
    const overload = WAITING.includes(String(value)) ? "wait" : "reject";
    sections.limits.overload = overload;
    const isOverruled = written.limits?.overload !== undefined;
    return warnRenamed(report, path, `limits: {overload: ${overload}}`, isOverruled);
  }
  if (renamed === undefined) return warnIgnored(report, path);
  if (typeof value !== "number") return;
  const { section, key, show } = renamed;
  sections[section][key] = value;
  const own: readonly object[] = [written[section]].flat().map((one) => one ?? {});
  const isOverruled = own.some((one) => Object.hasOwn(one, key));
  if (!isOverruled) report.spell(`${section}.${key}`, path);
  warnRenamed(report, path, `${section}: {${key}: ${show(value)}}`, isOverruled);
}

function warnRenamed(report: Report, path: string, today: string, isOverruled: boolean): void {
  const name = path.replace("runtime.", "");
  const message = isOverruled
    ? `\`${name}\` is an old key, and the new key is set as well: bal uses the new one`
    : `\`${name}\` is an old key`;
  report.warn(path, { code: "renamed-key", message, hint: `write \`${today}\`` });
}

function warnIgnored(report: Report, path: string): void {
  const name = path.replace("runtime.", "");
  const message = `\`${name}\` is an old key and has no effect`;
  report.warn(path, { code: "ignored-key", message, hint: "it can be removed" });
}
