// Servers of the world (nginx, HAProxy), run from a config of the test's in a folder of its own.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

export type Server = { readonly port: number; readonly [Symbol.asyncDispose]: () => Promise<void> };

/** A server of which `config` is the file; it listens on the port that it is given. */
export async function realServer(
  command: (file: string) => string[],
  config: (port: number, folder: string) => string,
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "bal-server-"));
  const port = await freePort();
  const file = join(folder, "conf");
  writeFileSync(file, config(port, folder));
  const child = Bun.spawn(command(file), { stdout: "ignore", stderr: "ignore" });
  const end = async () => {
    child.kill();
    await child.exited;
    rmSync(folder, { recursive: true });
  };
  const accepts = async () => {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).catch(
      () => null,
    );
    socket?.end();
    return socket !== null;
  };
  await until("the server listens", accepts);
  return { port, [Symbol.asyncDispose]: end };
}

export const runNginx = (file: string) => ["nginx", "-c", file, "-g", "daemon off;"];
export const runHaproxy = (file: string) => ["haproxy", "-db", "-f", file];
