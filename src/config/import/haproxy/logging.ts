// HAProxy's log lines of connections → `log`, and keepalive → `keepalive`.

import { durationText } from "../draft/durations.ts";
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import type { Line } from "./lexer.ts";
import type { Section } from "./sections.ts";
import { parseTime } from "./times.ts";

/** A process has one access log here: what one frontend logs is logged of all. */
export function readLogging(sections: readonly Section[], notes: Notebook): Record<string, Value> {
  const fronts = sections.filter(({ kind }) => kind === "frontend" || kind === "listen");
  const all = sections.filter(({ kind }) => kind !== "global" && kind !== "resolvers");
  const logged = fronts.filter((section) => section.take("log").length > 0);
  const lines = unique(logged.flatMap((section) => section.takeOption("tcplog") ?? []));
  const quiet = unique(logged.flatMap((section) => section.takeOption("dontlog-normal") ?? []));
  for (const section of all) {
    for (const name of ["tcplog", "dontlog-normal"]) {
      for (const line of section.take("option", name)) {
        if (lines.includes(line) || quiet.includes(line)) continue;
        if (lines.length > 0) notes.needless(line, "the access log is one for the whole process");
        else
          notes.needless(
            line,
            "no frontend has a `log` line besides: HAProxy logs nothing. In bal it is `log: {access: all}`",
          );
      }
    }
    for (const line of section.take("log")) {
      notes.needless(
        line,
        "bal logs to stderr or `log.file`, its access log to stdout or `log.access.file`; a service's go to the journal",
      );
    }
  }
  const keepalive = all.flatMap((section) => [
    section.takeLast("clitcpka-idle"),
    section.takeLast("srvtcpka-idle"),
  ]);
  const [idle] = keepalive.filter((line) => line !== null);
  const ms = parseTime(idle?.words[1], "s");
  return {
    ...(idle !== undefined &&
      ms !== null &&
      ms > 0 && { keepalive: traced(durationText(ms), idle) }),
    ...(quiet.length > 0 && { log: { access: traced("errors", ...quiet) } }),
    ...(quiet.length === 0 && lines.length > 0 && { log: { access: traced("all", ...lines) } }),
  };
}

function unique(lines: readonly Line[]): readonly Line[] {
  return [...new Set(lines)];
}
