import { expect, test } from "bun:test";
import type { Config } from "../../../src/config/config.ts";
import { checkSysctls, type Load, portRange } from "../../../src/control/doctor/sysctl-check.ts";
import { parse } from "../../support/findings.ts";

const defaults: Readonly<Record<string, string>> = {
  "net.core.somaxconn": "4096",
  "net.ipv4.tcp_max_syn_backlog": "2048",
  "net.ipv4.tcp_tw_reuse": "1",
  "net.ipv4.ip_local_port_range": "32768\t60999",
  "fs.pipe-user-pages-soft": "16384",
  "fs.file-max": "2000000",
  "fs.file-nr": "1000\t0\t2000000",
};

function configOf(...hosts: readonly string[]): Config {
  const result = parse({ backends: hosts.map((host) => ({ host, port: 80 })) });
  if (result.kind !== "valid") throw new Error("the test's config is not valid");
  return result.config;
}

const load: Load = {
  config: configOf("10.0.0.1", "10.0.0.2"),
  ceiling: 10_000,
  openFiles: 20_000,
  splicedSessions: 128,
  isPrivileged: false,
};

/** The messages' first words and the remedies of what is not in order. */
function advice(changes: Readonly<Record<string, string>>, changed: Partial<Load> = {}) {
  const values = { ...defaults, ...changes };
  return checkSysctls({ ...load, ...changed }, (name) => values[name] ?? null)
    .filter(({ level }) => level !== "ok")
    .map(({ level, remedy }) => `${level}: ${remedy?.split(";")[0]}`);
}

test("a host that is well set up gets no advice", () => {
  expect(advice({})).toEqual([]);
});

test("a host of which nothing can be read gets none either", () => {
  expect(checkSysctls(load, () => null)).toEqual([
    { check: "sysctl", level: "ok", message: "nothing to change", remedy: null },
  ]);
});

test.each<[string, string, string, Partial<Load>]>([
  ["net.core.somaxconn", "128", "advice: sysctl -w net.core.somaxconn=4096", {}],
  [
    "net.ipv4.tcp_max_syn_backlog",
    "512",
    "advice: sysctl -w net.ipv4.tcp_max_syn_backlog=4096",
    {},
  ],
  ["net.ipv4.tcp_tw_reuse", "0", "advice: sysctl -w net.ipv4.tcp_tw_reuse=1", {}],
  ["net.ipv4.tcp_tw_reuse", "2", "advice: sysctl -w net.ipv4.tcp_tw_reuse=1", {}],
  [
    "net.ipv4.ip_local_port_range",
    "32768 33767",
    'advice: sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
    {},
  ],
  [
    "fs.pipe-user-pages-soft",
    "16384",
    "advice: sysctl -w fs.pipe-user-pages-soft=65536",
    { splicedSessions: 512 },
  ],
  ["fs.file-max", "10000", "advice: sysctl -w fs.file-max=40000", {}],
  ["fs.file-nr", "1900000 0 2000000", "broken: sysctl -w fs.file-max=4000000", {}],
  [
    "net.netfilter.nf_conntrack_max",
    "8192",
    "advice: sysctl -w net.netfilter.nf_conntrack_max=20000",
    {},
  ],
])("%s of %j is told", (name, value, remedy, changed) => {
  expect(advice({ [name]: value }, changed)).toEqual([remedy]);
});

test.each<[string, Readonly<Record<string, string>>, Partial<Load>]>([
  [
    "reuse on loopback only, where all backends are",
    { "net.ipv4.tcp_tw_reuse": "2" },
    { config: configOf("127.0.0.1", "::1", "localhost") },
  ],
  ["small pipes of root", {}, { splicedSessions: 512, isPrivileged: true }],
  ["pipes without a bound", { "fs.pipe-user-pages-soft": "0" }, { splicedSessions: 512 }],
  ["few ports for few connections", { "net.ipv4.ip_local_port_range": "1 50" }, { ceiling: 100 }],
])("nothing is said of %s", (_, changes, changed) => {
  expect(advice(changes, changed)).toEqual([]);
});

test("the range of ports is read, or not known", () => {
  expect(portRange(() => "32768\t60999")).toEqual([32_768, 60_999]);
  expect(portRange(() => null)).toBeNull();
});
