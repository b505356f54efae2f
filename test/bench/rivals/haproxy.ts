// HAProxy in TCP mode, as Debian's service runs it: a master that reloads at SIGUSR2.
import { join } from "node:path";
import { writeConfig } from "../configs/render.ts";
import { Child } from "../process/child.ts";
import { openFileLimit } from "../process/limits.ts";
import { type Rival, type Running, runningAs, type Setup } from "./rival.ts";
import { versionOf } from "./version.ts";

export const haproxy: Rival = haproxyWith("haproxy", "haproxy.cfg");
export const haproxyTuned: Rival = haproxyWith("haproxy-tuned", "haproxy-tuned.cfg");

function haproxyWith(name: string, template: string): Rival {
  return {
    name,
    isBalancer: true,
    programs: ["haproxy"],
    version: () => versionOf(["haproxy", "-v"], /version (\S+)/),
    start: async (setup) => startHaproxy(template, setup),
  };
}

/** As its documentation has it for TLS that passes through. */
function prereadOf(serverName: string): string {
  return [
    "    tcp-request inspect-delay 3s",
    `    tcp-request content accept if { req.ssl_sni -i ${serverName} }`,
    "    tcp-request content reject if { req.len gt 0 }",
  ].join("\n");
}

function startHaproxy(template: string, setup: Setup): Running {
  const { folder, listenPort, backendPorts, workers, method, serverName, isLogged } = setup;
  const file = join(folder, "haproxy.cfg");
  const write = (ports: readonly number[]) =>
    writeConfig(template, file, {
      folder,
      port: listenPort,
      workers,
      // It refuses to start with more than its open files allow: two a connection, and a pipe of
      // two for every fourth when it splices.
      maxconn: Math.min(20_000, Math.floor((openFileLimit() - 200) / 2.5)),
      // Its stdout is a file.
      log: isLogged ? "    log stdout format raw local0\n    option tcplog" : "",
      preread: serverName === null ? "" : prereadOf(serverName),
      method: method === "round_robin" ? "roundrobin" : "leastconn",
      servers: ports.map((port) => `    server s${port} 127.0.0.1:${port} check`).join("\n"),
    });
  write(backendPorts);
  const child = new Child(["haproxy", "-W", "-f", file], { logFile: join(folder, "haproxy.log") });
  return runningAs(child, listenPort, async (ports) => {
    write(ports);
    child.signal("SIGUSR2");
    return 0;
  });
}
