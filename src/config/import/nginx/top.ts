// The settings of the whole process: threads, the access log, name servers.
import { parseIp } from "../../../base/address.ts";
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import type { Directive } from "./lexer.ts";
import type { Scope } from "./scope.ts";

const MAX_WORKERS = 8;

export function readTop(
  scope: Scope,
  servers: readonly Directive[],
  notes: Notebook,
): Record<string, Value> {
  const workers = scope.takeLast("worker_processes");
  const count = Number(workers?.args[0]);
  if (workers !== null && count > MAX_WORKERS) {
    notes.differs(workers, `bal has at most ${MAX_WORKERS} threads`);
  }
  const inside = servers.flatMap(({ block }) => block ?? []);
  const logs = [...scope.take("access_log"), ...inside.filter(({ name }) => name === "access_log")];
  const logged = logs.filter(({ args }) => args[0] !== "off");
  for (const log of logged) {
    notes.differs(
      log,
      "the access log is one for the whole process, and goes to stdout: `log.access.file` names a file",
    );
  }
  const resolvers = [
    ...inside.filter(({ name }) => name === "resolver"),
    ...scope.take("resolver"),
  ];
  const names = resolvers.flatMap((directive) => readResolver(directive, notes));
  return {
    ...(workers !== null &&
      count >= 1 && { workers: traced(Math.min(count, MAX_WORKERS), workers) }),
    ...(logged.length > 0 && { log: { access: traced("all", ...logged) } }),
    ...(names.length > 0 && { resolver: { servers: names } }),
  };
}

function readResolver(directive: Directive, notes: Notebook): readonly Value[] {
  return directive.args.flatMap((text) => {
    if (/^(?:valid|ipv4|ipv6|status_zone)=/.test(text)) {
      notes.needless(
        { ...directive, text },
        "names are asked for again when their time to live is over",
      );
      return [];
    }
    const [, v6, v4 = "", port = "53"] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
    const ip = parseIp(v6 ?? v4);
    if (ip === null) {
      notes.differs(
        { ...directive, text },
        "a name server is an IP address here; without `resolver.servers` the system's are asked",
      );
      return [];
    }
    return [traced(`${ip.family === 6 ? `[${ip.ip}]` : ip.ip}:${port}`, directive)];
  });
}
