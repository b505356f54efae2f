// The faults of the logs' files and of the access log's fields that no single value shows.
import { dirname, resolve } from "node:path";
import type { WrittenLog } from "../read/raw-config.ts";
import type { Report } from "../report.ts";

export function validateLog({ file = null, ...log }: WrittenLog, report: Report): void {
  const access = typeof log.access === "object" ? log.access : {};
  validateFiles(report, file, access.file ?? null);
  if (access.fields === undefined) return;
  const path = "log.access.fields";
  if (access.fields.length === 0) {
    report.error(path, { code: "empty-list", message: "`fields` is empty" });
  }
  for (const [index, name] of access.fields.entries()) {
    if (name === undefined || access.fields.indexOf(name) === index) continue;
    const message = `\`${name}\` is written twice`;
    report.error(`${path}[${index}]`, { code: "duplicate-field", message });
  }
}

function validateFiles(report: Report, log: string | null, access: string | null): void {
  const absolute = (path: string) => resolve(dirname(report.file), path);
  const own = { "log.file": log, "log.access.file": access };
  for (const [path, file] of Object.entries(own)) {
    if (file === null || absolute(file) !== resolve(report.file)) continue;
    const message = `${file} is this config, and the log would overwrite it`;
    report.error(path, { code: "duplicate-file", message });
  }
  // Both logs may share a device.
  if (log === null || access === null || absolute(log).startsWith("/dev/")) return;
  if (absolute(log) !== absolute(access)) return;
  const message = `${access} is already the file of bal's own log (log.file), which has another format`;
  report.error("log.access.file", { code: "duplicate-file", message, hint: "name another file" });
}
