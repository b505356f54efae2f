// A real name server on loopback: Debian's nsd, with one zone, `bal.test`, whose records can be
// changed at any time.

import { promises as dns } from "node:dns";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

export const ZONE = "bal.test";

/** Its path, or null where it is not installed: .ci/run does that. */
export const nsd = Bun.which("nsd", { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` });

/** With these records, as in a zone file: `db 1 A 127.0.0.1`. */
export async function nameServer(
  records: readonly string[] = [],
  place?: Place,
): Promise<NameServer> {
  const server = new NameServer(place);
  try {
    await server.set(records);
    return server;
  } catch (error) {
    server[Symbol.dispose]();
    throw error;
  }
}

type Place = { readonly ip: string; readonly port: number };

export class NameServer implements Disposable {
  readonly ip: string;
  readonly port: number;
  private readonly home = mkdtempSync(join(tmpdir(), "bal-nsd-"));
  private serial = 0;
  private child: Bun.Subprocess<"ignore", "ignore", "pipe"> | null = null;

  constructor({ ip, port }: Place = { ip: "127.0.0.1", port: freePort() }) {
    this.ip = ip;
    this.port = port;
  }

  /** As in `resolver.servers`. */
  get address(): string {
    return `${this.ip}:${this.port}`;
  }

  /** Gives it other records, and waits until it answers with them. */
  async set(records: readonly string[]): Promise<void> {
    const serial = ++this.serial;
    const zone = [
      `$ORIGIN ${ZONE}.`,
      "$TTL 1",
      `@ SOA ns.${ZONE}. admin.${ZONE}. ${serial} 3600 600 86400 1`,
      `@ NS ns.${ZONE}.`,
      "ns A 127.0.0.1",
      ...records,
    ];
    writeFileSync(join(this.home, "zone"), `${zone.join("\n")}\n`);
    if (this.child === null) this.start();
    else this.child.kill("SIGHUP");
    await until(`nsd answers with serial ${serial}`, async () => {
      if (this.child?.exitCode !== null) throw new Error(await this.child?.stderr.text());
      return (await this.serialNow()) === serial;
    });
  }

  /** It answers nothing any more, until `start` or `set`. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    child?.kill("SIGTERM");
    await child?.exited;
  }

  start(): void {
    if (nsd === null) throw new Error("no nsd here: apt-get install nsd");
    const { home } = this;
    const at = (name: string) => `"${join(home, name)}"`;
    const config = [
      "server:",
      `  ip-address: ${this.ip}@${this.port}`,
      '  username: ""',
      '  database: ""',
      "  server-count: 1",
      `  zonesdir: "${home}"`,
      `  xfrdir: "${home}"`,
      `  pidfile: ${at("pid")}`,
      `  xfrdfile: ""`,
      `  zonelistfile: ${at("zones")}`,
      "remote-control:",
      "  control-enable: no",
      "zone:",
      `  name: ${ZONE}.`,
      "  zonefile: zone",
      // Has no file: SERVFAIL.
      "zone:",
      "  name: broken.test.",
      "  zonefile: none",
    ];
    writeFileSync(join(home, "conf"), `${config.join("\n")}\n`);
    this.child = Bun.spawn([nsd, "-d", "-c", join(home, "conf")], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
  }

  [Symbol.dispose](): void {
    this.child?.kill("SIGTERM");
    rmSync(this.home, { recursive: true, force: true });
  }

  private async serialNow(): Promise<number | null> {
    // A new one each time: they remember.
    const client = new dns.Resolver({ timeout: 1000, tries: 1 });
    client.setServers([this.address]);
    return await client.resolveSoa(ZONE).then(
      ({ serial }) => serial,
      () => null,
    );
  }
}
