// nginx's stream module; a file of its own, prefix, pid and log, so that the host's is not touched.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeConfig } from "../configs/render.ts";
import { Child, runToEnd } from "../process/child.ts";
import { openFileLimit } from "../process/limits.ts";
import { type Rival, type Running, runningAs, type Setup } from "./rival.ts";
import { versionOf } from "./version.ts";

export const nginx: Rival = {
  name: "nginx",
  isBalancer: true,
  programs: ["nginx"],
  version: () => (moduleLine() === null ? null : versionOf(["nginx", "-v"], /nginx\/(\S+)/)),
  start: async (setup) => startNginx(setup),
};

/** What loads the stream module: nothing when it is built in; null when this nginx has none. */
function moduleLine(): string | null {
  const folder = versionOf(["nginx", "-V"], /--modules-path=(\S+)/);
  if (versionOf(["nginx", "-V"], /--with-stream(\s)/)?.trim() === "") return "";
  const file = `${folder}/ngx_stream_module.so`;
  return existsSync(file) ? `load_module ${file};` : null;
}

function mapOf(serverName: string): string {
  return `    map $ssl_preread_server_name $pool { ${serverName} pool; }`;
}

/** About what the others' lines tell. */
function logOf(folder: string): string {
  const fields =
    "$time_iso8601 $remote_addr:$remote_port $upstream_addr $upstream_connect_time $upstream_first_byte_time $session_time $bytes_received $bytes_sent $status";
  return `    log_format line '${fields}';\n    access_log ${folder}/access.log line;`;
}

function startNginx(setup: Setup): Running {
  const { folder, listenPort, backendPorts, workers, method, serverName, isLogged } = setup;
  const file = join(folder, "nginx.conf");
  const log = join(folder, "stderr");
  const write = (ports: readonly number[]) =>
    writeConfig("nginx-stream.conf", file, {
      folder,
      module: moduleLine() ?? "",
      port: listenPort,
      workers,
      files: openFileLimit(),
      // Two for each client.
      connections: Math.min(40_000, openFileLimit() - 100),
      map: serverName === null ? "" : mapOf(serverName),
      log: isLogged ? logOf(folder) : "",
      where: serverName === null ? "pool" : "$pool; ssl_preread on",
      method: method === "round_robin" ? "" : "        least_conn;",
      servers: ports.map((port) => `        server 127.0.0.1:${port};`).join("\n"),
    });
  write(backendPorts);
  const command = ["nginx", "-p", `${folder}/`, "-e", log, "-c", file];
  const child = new Child(command, { logFile: log });
  return runningAs(child, listenPort, async (ports) => {
    write(ports);
    return (await runToEnd([...command, "-s", "reload"])).cpuMs;
  });
}
