// A small network: clients, a router with a switch, two bal hosts and three backends behind it, with the
// addresses that the files in deploy/ have.
//
//   clients ───────── router, br0 ─┬─ bal1      10.0.0.11
//   198.51.100.0/24   10.0.0.254   ├─ bal2      10.0.0.12
//                                  └─ backends  10.0.0.1, .2, .3
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { type Bal, type ConfigObject, spawnBal } from "../support/bal.ts";
import { MORTAL, Namespace } from "../support/namespace.ts";
import { type Peer, peer } from "../support/peer.ts";
import { yamlBlocks } from "../support/yaml-blocks.ts";

const BACKENDS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
/** Of the clients. */
export const ADDRESSES = Array.from({ length: 100 }, (_, i) => `198.51.100.${i + 1}`);

/** The config that the book shows for this, with other keys for its listener. */
export function configOfTheBook(listener: ConfigObject = {}): ConfigObject {
  const block = yamlBlocks().find(({ page }) => page === "docs/high-availability.md");
  const config = parse(block!.text);
  return { ...config, listeners: [{ ...config.listeners[0], ...listener }] };
}

export class Network implements Disposable {
  readonly clients = new Namespace("clients");
  readonly router = new Namespace("router");
  readonly bals: readonly [BalHost, BalHost];
  /** Where daemons of any user have their sockets and PID files. */
  readonly folder = mkdtempSync(join(tmpdir(), "bal-ha-"));
  private readonly servers = new Namespace("servers");
  private readonly peers: readonly Peer[];
  private readonly belongings: Disposable[] = [];

  constructor(config: ConfigObject) {
    const { clients, router, servers } = this;
    chmodSync(this.folder, 0o755);
    router.run("ip link add br0 type bridge");
    router.run("ip address add 10.0.0.254/24 dev br0");
    router.run("ip link set br0 up");
    router.set("net.ipv4.ip_forward", 1);

    clients.link("eth0", router, "clients");
    clients.run("ip address add 10.1.0.1/30 dev eth0");
    router.run("ip address add 10.1.0.2/30 dev clients");
    clients.run("ip route add local 198.51.100.0/24 dev lo");
    clients.run("ip route add default via 10.1.0.2");
    router.run("ip route add 198.51.100.0/24 via 10.1.0.1");

    this.attach(servers, "servers");
    for (const ip of BACKENDS) servers.run(`ip address add ${ip}/24 dev eth0`);
    this.peers = servers.enter(() => BACKENDS.map(talkingPeer));

    this.bals = [new BalHost("bal1", config), new BalHost("bal2", config)];
    for (const [i, { host }] of this.bals.entries()) {
      this.attach(host, host.name);
      host.run(`ip address add 10.0.0.${11 + i}/24 dev eth0`);
      host.run("ip route add default via 10.0.0.254");
    }
  }

  /** Pulls the cable between a host and the switch, or plugs it in. */
  plug(host: BalHost, how: "up" | "down"): void {
    this.router.run(`ip link set ${host.host.name} ${how}`);
  }

  /** Is let go of with this network. */
  keep<T extends Disposable>(thing: T): T {
    this.belongings.push(thing);
    return thing;
  }

  [Symbol.dispose](): void {
    for (const thing of this.belongings) thing[Symbol.dispose]();
    for (const bal of this.bals) bal[Symbol.dispose]();
    for (const peer of this.peers) peer[Symbol.dispose]();
    for (const host of [this.clients, this.router, this.servers]) host[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private attach(host: Namespace, port: string): void {
    this.router.link(port, host, "eth0");
    this.router.run(`ip link set ${port} master br0`);
  }
}

/** A host with a bal on it. */
export class BalHost implements Disposable {
  readonly host: Namespace;
  private readonly config: ConfigObject;
  private bal: Bal | null = null;

  constructor(name: string, config: ConfigObject) {
    this.host = new Namespace(name);
    this.config = config;
  }

  get running(): Bal {
    if (this.bal === null) throw new Error(`no bal on ${this.host.name}`);
    return this.bal;
  }

  /** How many connections its bal has accepted; 0 when none runs. */
  async accepted(): Promise<number> {
    if (this.bal === null || this.bal.child.exitCode !== null || this.bal.child.killed) return 0;
    const { listeners } = await this.bal.status();
    return listeners.reduce((sum, { accepted }) => sum + accepted, 0);
  }

  /** A new bal in a home of its own. */
  async startBal(): Promise<void> {
    this.bal?.[Symbol.dispose]();
    const starting = this.host.enter(() => spawnBal({ config: this.config, wrapper: MORTAL }));
    this.bal = await starting;
  }

  [Symbol.dispose](): void {
    this.bal?.[Symbol.dispose]();
    this.host[Symbol.dispose]();
  }
}

/** Answers each time with its address, and hangs up when the client does. */
function talkingPeer(host: string): Peer {
  return peer(
    (wire) => {
      wire.sink = () => void wire.send(host);
      void wire.ended.then(() => wire.finish());
    },
    { host, port: 443 },
  );
}
