// `bun test/clusters/once.ts [mqtt] [smtp]`: bal with a config of deploy/recipes in front of two real servers. Both
// are up by the recipe's check, and serve clients; one is killed, is down, and the other one has the clients.
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigObject, spawnBal } from "../support/bal.ts";
import { freePort } from "../support/ports.ts";
import { untilTrue } from "./cluster.ts";
import { recipe } from "./recipe.ts";
import { idsOf, type Spawn, signalAll, spawnAs } from "./servers.ts";
import { Connection } from "./wire.ts";

const host = (node: number) => `127.0.10.${node}`;

type Place = { readonly folder: string; readonly node: number; readonly port: number };

type Service = {
  readonly recipe: string;
  /** The port in the recipe. */
  readonly port: number;
  readonly user: string;
  start(spawn: Spawn, place: Place): Bun.Subprocess;
  /** Is a client served? */
  isServed(port: number): Promise<boolean>;
};

const mqtt: Service = {
  ...{ recipe: "mqtt", port: 1883, user: "mosquitto" },
  start(spawn, { folder, node, port }) {
    const file = join(folder, `mosquitto${node}.conf`);
    writeFileSync(file, `listener ${port} ${host(node)}\nallow_anonymous true\n`);
    return spawn(`mosquitto${node}`, ["mosquitto", "-c", file]);
  },
  async isServed(port) {
    const connection = await Connection.open(port);
    const connect = Buffer.from("100c00044d5154540402003c0000", "hex");
    const answer = await connection.ask(connect, (bytes) => (bytes.length < 4 ? null : bytes));
    connection.close();
    return answer?.toString("hex") === "20020000";
  },
};

// Its master has to be root; it waits for the PROXY header that the recipe sends.
const smtp: Service = {
  ...{ recipe: "smtp", port: 25, user: "root" },
  start(spawn, { folder, node, port }) {
    const home = join(folder, `postfix${node}`);
    for (const name of ["etc", "queue", "data"]) mkdirSync(join(home, name), { recursive: true });
    chownSync(join(home, "data"), ...idsOf("postfix"));
    const main = [
      "compatibility_level = 3.6",
      `queue_directory = ${home}/queue`,
      `data_directory = ${home}/data`,
      `maillog_file = ${home}/log`,
      "maillog_file_prefixes = /tmp, /var",
      `myhostname = mx${node}.example`,
      "mydestination =",
      // It wants the address of an interface; the service has its own.
      "inet_interfaces = 127.0.0.1",
      "inet_protocols = ipv4",
      "smtpd_upstream_proxy_protocol = haproxy",
    ];
    const services = [
      `${host(node)}:${port} inet n - n - - smtpd`,
      "postlog unix-dgram n - n - 1 postlogd",
      "rewrite unix - - n - - trivial-rewrite",
      "anvil unix - - n - 1 anvil",
      "proxymap unix - - n - - proxymap",
    ];
    writeFileSync(join(home, "etc/main.cf"), `${main.join("\n")}\n`);
    writeFileSync(join(home, "etc/master.cf"), `${services.join("\n")}\n`);
    return spawn(`postfix${node}`, ["postfix", "-c", join(home, "etc"), "start-fg"]);
  },
  async isServed(port) {
    const connection = await Connection.open(port);
    const line = (bytes: Buffer) => (bytes.includes("\r\n") ? bytes.toString("latin1") : null);
    const greeting = await connection.ask("", line);
    const farewell = await connection.ask("QUIT\r\n", line);
    connection.close();
    return greeting?.startsWith("220 mx") === true && farewell?.startsWith("221") === true;
  },
};

async function run(service: Service): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `bal-${service.recipe}-`));
  const [port, at] = [freePort(), freePort()];
  const spawn = spawnAs(service.user, folder);
  const servers = [1, 2].map((node) => service.start(spawn, { folder, node, port }));
  const config = recipe(service.recipe, { listener: at, ports: { [service.port]: port }, host });
  try {
    using bal = await spawnBal({ config: config as ConfigObject });
    const untilStates = (...states: readonly string[]) =>
      untilTrue(`the states are ${states}`, async () => {
        const [pool] = (await bal.status()).pools;
        const isChecked = pool?.backends.every(({ check }) => check.passed + check.failed > 0);
        return (
          isChecked &&
          Bun.deepEquals(
            pool?.backends.map(({ state }) => state),
            [...states],
          )
        );
      });
    const untilServed = () => untilTrue("a client is served", () => service.isServed(at));
    await untilStates("up", "up");
    await untilServed();
    signalAll([servers[0]?.pid ?? 0], "SIGKILL");
    await untilStates("down", "up");
    await untilServed();
    console.log(`${service.recipe}: holds`);
  } finally {
    signalAll(
      servers.map(({ pid }) => pid),
      "SIGKILL",
    );
    await Promise.all(servers.map(({ exited }) => exited));
    rmSync(folder, { recursive: true, force: true });
  }
}

const words = process.argv.slice(2);
for (const service of [mqtt, smtp]) {
  if (words.length === 0 || words.includes(service.recipe)) await run(service);
}
