// Two bals that a router spreads clients over, by BIRD with the files that ship: what clients see when one
// goes and comes back. Skipped without root, namespaces or BIRD; the title says which.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { resolve } from "node:path";
import { type Program, whyNoNamespaces } from "../support/namespace.ts";
import { until } from "../support/until.ts";
import { type BalHost, configOfTheBook, Network } from "./network.ts";
import { HELD, IN_FLIGHT, play } from "./scenario.ts";

setDefaultTimeout(60_000);

const FILES = resolve(import.meta.dir, "../../deploy/bird");
const SERVICE = { ip: "192.0.2.10", port: 443 };
const why = whyNoNamespaces("bird", "birdc", "curl");

describe.skipIf(why !== null)(`BIRD${why === null ? "" : ` (skipped: ${why})`}`, () => {
  const homes = new Map<string, string>();
  let network: Network;
  const announcers: Program[] = [];

  /** The next hops of the service address, on the router. */
  const hops = (): readonly string[] =>
    [...network.router.run(`ip route show ${SERVICE.ip}`).matchAll(/via (\S+)/g)].map(
      ([, hop]) => hop!,
    );

  beforeAll(async () => {
    network = new Network(configOfTheBook());
    const { bals, router } = network;
    router.set("net.ipv4.fib_multipath_hash_policy", 1);
    network.keep(router.start(bird("router")));
    await Promise.all(bals.map((host) => host.startBal()));
    for (const bal of bals) announce(bal);
    await until("the router knows both", () => hops().length === 2);
  });

  afterAll(() => network?.[Symbol.dispose]());

  function bird(file: "router" | "bal", name: string = file): readonly string[] {
    const paths = ["-s", `${network.folder}/${name}.ctl`, "-P", `${network.folder}/${name}.pid`];
    return ["bird", "-f", "-c", `${FILES}/${file}.conf`, ...paths];
  }

  /** As on Debian: who writes to BIRD's socket is in its group, and needs no other right. */
  function announce({ host }: BalHost): void {
    host.run(`ip address add ${SERVICE.ip}/32 dev lo`);
    network.keep(host.start(bird("bal", host.name), { as: ["--regid=bird", "--clear-groups"] }));
    const as = ["--reuid=nobody", "--regid=bird", "--clear-groups"];
    const env = { BIRD_SOCKET: `${network.folder}/${host.name}.ctl` };
    announcers.push(network.keep(host.start([`${FILES}/bal-announce.sh`], { as, env })));
  }

  const playUntil = (count: number, title: string, act: () => unknown) =>
    play({
      title: `BIRD, ${title}`,
      network,
      target: SERVICE,
      homes,
      act,
      isOver: () => hops().length === count,
    });

  test("a bal that is killed is left out within seconds, and clients keep their backends", async () => {
    const [killed] = network.bals;
    const seen = await playUntil(1, "kill -9", () => killed.running.signal("SIGKILL"));
    expect(seen.lostForMs).toBeLessThan(6000);
    expect(seen.moved).toEqual([]);
    expect(new Set(homes.values()).size).toBe(3);
    // The other one's clients notice nothing, not even those with open connections.
    const [, untouched] = seen.heldBy;
    expect(untouched).toBeGreaterThan(0);
    expect(untouched).toBeLessThan(HELD);
    expect(seen.survivors).toBe(untouched!);
  });

  test("one that comes back takes its share, and cuts a part of the open connections", async () => {
    const [back] = network.bals;
    const seen = await playUntil(2, "return", () => back.startBal());
    expect(seen.isLostAtOnce).toBe(true);
    expect(seen.lostInAll).toBeLessThanOrEqual(IN_FLIGHT);
    expect(seen.moved).toEqual([]);
    // What the book says: the router hashes anew.
    expect(seen.survivors).toBeGreaterThan(0);
    expect(seen.survivors).toBeLessThan(HELD);
  });

  test("a bal that is stopped loses no client but those in flight at the switch", async () => {
    const [, stopped] = network.bals;
    const seen = await playUntil(1, "stop", () => stopped.running.signal("SIGTERM"));
    expect(hops()).toEqual(["10.0.0.11"]);
    expect(seen.isLostAtOnce).toBe(true);
    expect(seen.lostInAll).toBeLessThanOrEqual(IN_FLIGHT);
    expect(seen.moved).toEqual([]);
    expect(seen.survivors).toBe(seen.heldBy[0]!);
  });

  test("a host whose link fails is left out within seconds", async () => {
    const [first, second] = network.bals;
    await second.startBal();
    await until("the router knows both", () => hops().length === 2);
    const seen = await playUntil(1, "link down", () => network.plug(first, "down"));
    expect(hops()).toEqual(["10.0.0.12"]);
    expect(seen.switchedMs).toBeLessThan(5000);
    expect(seen.lostForMs).toBeLessThan(5000);
    expect(seen.moved).toEqual([]);
    expect(seen.survivors).toBe(seen.heldBy[1]!);
  });

  test("when what asks bal ends, the address is withdrawn", async () => {
    network.plug(network.bals[0], "up");
    await until("the router knows both", () => hops().length === 2);
    await announcers[0]!.stop();
    await until("the address is withdrawn", () => hops().length === 1);
    expect(hops()).toEqual(["10.0.0.12"]);
  });
});
