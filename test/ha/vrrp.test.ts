// Two bals and one address, by keepalived with the file that ships: what clients see of a switch.
// Skipped without root, namespaces or keepalived; the title says which.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Program, whyNoNamespaces } from "../support/namespace.ts";
import { until } from "../support/until.ts";
import { type BalHost, configOfTheBook, Network } from "./network.ts";
import { IN_FLIGHT, play } from "./scenario.ts";

setDefaultTimeout(60_000);

const FILES = resolve(import.meta.dir, "../../deploy/keepalived");
const SERVICE = { ip: "10.0.0.10", port: 443 };
const why = whyNoNamespaces("keepalived", "curl");

describe.skipIf(why !== null)(`keepalived${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const homes = new Map<string, string>();
  let network: Network;
  let logOf: (host: BalHost) => string;

  /** Those of the file that goes with it. */
  const settings = () =>
    [...readFileSync(`${FILES}/sysctl.conf`, "utf8").matchAll(/^(net\S+) = (\d+)$/gm)].map(
      ([, name, value]) => [name!, Number(value)] as const,
    );
  const holders = () =>
    network.bals.filter(({ host }) => host.run("ip address show dev eth0").includes(SERVICE.ip));
  const readyCount = (host: BalHost) =>
    logOf(host).split("VRRP_Script(bal_ready) succeeded").length - 1;

  beforeAll(async () => {
    network = new Network(configOfTheBook({ bind_address: SERVICE.ip }));
    for (const [name, value] of settings()) {
      for (const { host } of network.bals) host.set(name, value);
    }
    await Promise.all(network.bals.map((host) => host.startBal()));
    const programs = new Map(network.bals.map((host) => [host, startKeepalived(host)]));
    logOf = (host) => programs.get(host)!.output;
    await until("both are ready", () => network.bals.every((host) => readyCount(host) === 1));
    await until("one has the address", () => holders().length === 1);
  });

  afterAll(() => network?.[Symbol.dispose]());

  function startKeepalived({ host }: BalHost): Program {
    const { name } = host;
    const pids = [
      `--pid=${network.folder}/${name}.pid`,
      `--vrrp_pid=${network.folder}/${name}-vrrp.pid`,
    ];
    const options = ["--dont-fork", "--log-console", "--log-detail", "--vrrp", ...pids];
    const command = ["keepalived", "-f", `${FILES}/keepalived.conf`, ...options];
    return network.keep(host.start(command, { isForking: true }));
  }

  /** To the host that has the address; over when the other one has it. */
  async function playOn(title: string, act: (holder: BalHost) => unknown) {
    const holder = holders()[0]!;
    const seen = await play({
      title: `keepalived, ${title}`,
      network,
      target: SERVICE,
      homes,
      act: () => act(holder),
      isOver: () => holders().some((host) => host !== holder),
    });
    return { holder, seen };
  }

  /** A new bal there; the address stays where it is. */
  async function bringBack(host: BalHost) {
    const [holder] = holders();
    const before = readyCount(host);
    await host.startBal();
    await until("it is ready again", () => readyCount(host) > before);
    expect(holders()).toEqual([holder!]);
  }

  test("a bal that is killed is replaced within seconds, and clients keep their backends", async () => {
    const { holder, seen } = await playOn("kill -9", (host) => host.running.signal("SIGKILL"));
    expect(seen.lostForMs).toBeLessThan(8000);
    expect(seen.moved).toEqual([]);
    expect(new Set(homes.values()).size).toBe(3);
    expect(seen.survivors).toBe(0);
    await bringBack(holder);
  });

  test("a bal that is stopped loses no client but those in flight at the switch", async () => {
    const { holder, seen } = await playOn("stop", (host) => host.running.signal("SIGTERM"));
    expect(seen.isLostAtOnce).toBe(true);
    expect(seen.lostInAll).toBeLessThanOrEqual(IN_FLIGHT);
    expect(seen.moved).toEqual([]);
    await bringBack(holder);
  });

  test("a host whose link fails is replaced within seconds", async () => {
    const { seen } = await playOn("link down", (host) => network.plug(host, "down"));
    expect(seen.switchedMs).toBeLessThan(5000);
    expect(seen.lostForMs).toBeLessThan(5000);
    expect(seen.moved).toEqual([]);
  });
});
