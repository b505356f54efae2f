// The programs that balancers and loads are: Debian packages, installed when they are missing and
// the user may; else the command is told.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { environment, find } from "./process/child.ts";
import type { Question } from "./questions/question.ts";
import type { Rival } from "./rivals/rival.ts";
import { versionOf } from "./rivals/version.ts";

/** Packages of Debian and Ubuntu, by program. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  haproxy: ["haproxy"],
  iperf3: ["iperf3"],
  nginx: ["nginx", "libnginx-mod-stream"],
  wrk: ["wrk"],
};

/** deb-systemd-invoke and invoke-rc.d start no service as long as this exits with 101. */
const POLICY = "/usr/sbin/policy-rc.d";

/** What names a version in each one's own words. */
const VERSIONS: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  iperf3: [["-v"], /iperf (\S+)/],
  nginx: [["-v"], /nginx\/(\S+)/],
  openssl: [["version"], /OpenSSL (\S+)/],
  wrk: [["-v"], /wrk (\S+)/],
};

/** Of the loads and backends that these questions use, and of the Bun that clients run on. */
export function loadVersions(questions: readonly Question[]): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const program of questions.flatMap(({ programs }) => programs)) {
    const [args, pattern] = VERSIONS[program] ?? [["--version"], /(\d\S*)/];
    const version = versionOf([program, ...args], pattern);
    if (version !== null) versions[program] = version;
  }
  return { ...versions, bun: Bun.version };
}

/** Those of these that are not on PATH. */
export function missingOf(programs: readonly string[]): string[] {
  return [...new Set(programs)].filter((program) => find(program) === null);
}

/** Installs what is missing, or says on stderr how to. */
export function installFor(questions: readonly Question[], rivals: readonly Rival[]): void {
  const missing = missingOf([...questions, ...rivals].flatMap(({ programs }) => programs));
  const packages = missing.flatMap((program) => PACKAGES[program] ?? []);
  if (packages.length === 0) return;
  const command = ["apt-get", "install", "-y", "--no-install-recommends", ...packages];
  if (process.getuid?.() !== 0 || find("apt-get") === null) {
    console.error(`not installed: ${missing.join(", ")}. On Debian: sudo ${command.join(" ")}`);
    return;
  }
  console.error(`installs ${packages.join(" ")}`);
  withoutServices(() => {
    if (apt(["apt-get", "update"]) && apt(command)) return;
    console.error(`could not install ${packages.join(" ")}`);
  });
}

function apt(command: readonly string[]): boolean {
  const env = environment({ DEBIAN_FRONTEND: "noninteractive" });
  const stdio = ["ignore", "ignore", "inherit"] as const;
  return Bun.spawnSync([...command], { env, stdio: [...stdio] }).exitCode === 0;
}

/** A package that is installed for a benchmark must not begin to serve on port 80. */
function withoutServices(install: () => void): void {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}
