// The configs of deploy/recipes, each with stand-ins that speak as much of its servers' protocol as the
// checks hear.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import { parse as parseYaml } from "yaml";
import { type Bal, type ConfigObject, runBal, spawnBal } from "../../support/bal.ts";
import { peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, type Wire } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const root = resolve(import.meta.dir, "../../..");
const folder = join(root, "deploy/recipes");
const page = readFileSync(join(root, "docs/recipes.md"), "utf8");
let certificates = "";

beforeAll(() => {
  certificates = mkdtempSync(join(tmpdir(), "bal-recipes-"));
  const made = Bun.spawnSync(
    [
      ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3"],
      ...["-subj", "/CN=kubernetes", "-addext", "subjectAltName=DNS:kubernetes"],
      ...["-keyout", join(certificates, "key.pem"), "-out", join(certificates, "ca.crt")],
    ],
    { stdout: "ignore", stderr: "ignore" },
  );
  expect(made.exitCode).toBe(0);
});

afterAll(() => rmSync(certificates, { recursive: true }));

test.each([...new Glob("*.yaml").scanSync(folder)].sort())(
  "%s passes `bal check --strict`, and the book shows it as it is",
  async (file) => {
    const path = join(folder, file);
    expect(await runBal(["check", "--strict", "-c", path])).toMatchObject({ code: 0, stderr: "" });
    expect(page).toContain(`\`\`\`yaml\n${readFileSync(path, "utf8")}\`\`\``);
  },
);

/** A recipe, with each of its ports a free one and 10.0.0.N as 127.0.7.N. */
class Recipe {
  readonly config: ConfigObject;
  private readonly ports = new Map<number, number>();

  constructor(name: string) {
    this.config = this.moved(
      parseYaml(readFileSync(join(folder, `${name}.yaml`), "utf8")),
    ) as never;
    for (const listener of this.config.listeners as Record<string, unknown>[]) {
      listener.bind_address = "127.0.0.1";
    }
  }

  port(written: number): number {
    const port = this.ports.get(written) ?? freePort();
    this.ports.set(written, port);
    return port;
  }

  private moved(value: unknown, key = ""): unknown {
    if (key === "port") return this.port(value as number);
    if (key === "host") return String(value).replace("10.0.0.", "127.0.7.");
    if (key === "ca") return join(certificates, String(value));
    if (Array.isArray(value)) return value.map((one) => this.moved(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, this.moved(one, name)]),
    );
  }
}

const host = (node: number) => `127.0.7.${node}`;

/** Who answers a new client; empty: it is refused. */
async function ask(port: number): Promise<{ readonly wire: Wire; readonly name: string }> {
  const wire = await connect(port);
  await wire.send("?");
  return { wire, name: await wire.read(1).catch(() => "") };
}

async function untilStates(bal: Bal, pool: number, states: readonly string[]): Promise<void> {
  await until(`the states are ${states}`, async () => {
    const found = (await bal.status()).pools[pool]?.backends.map(({ state }) => state);
    return Bun.deepEquals(found, states);
  });
}

/** Nodes whose role an API on another port tells; clients get the node's number. */
function roleNodes(recipe: Recipe, ports: { readonly client: number; readonly api: number }) {
  const answers = new Map<string, number>();
  const opened = [1, 2, 3].flatMap((node) => [
    peer(
      async (wire) => {
        void wire.ended.then(() => wire.finish());
        await wire.read(1);
        await wire.send(String(node));
      },
      { host: host(node), port: recipe.port(ports.client) },
    ),
    Bun.serve({
      ...{ hostname: host(node), port: recipe.port(ports.api) },
      fetch: ({ url }) =>
        new Response("", { status: answers.get(`${node} ${new URL(url).pathname}`) ?? 503 }),
    }),
  ]);
  return {
    answers,
    [Symbol.dispose]() {
      for (const one of opened) "stop" in one ? void one.stop(true) : one.kill();
    },
  };
}

test("patroni: writers follow the leader and wait for it, readers have the replicas", async () => {
  const recipe = new Recipe("patroni");
  using nodes = roleNodes(recipe, { client: 5432, api: 8008 });
  const lead = (leader: number) => {
    for (const node of [1, 2, 3]) {
      nodes.answers.set(`${node} /primary`, node === leader ? 200 : 503);
      nodes.answers.set(`${node} /replica`, node === leader || leader === 0 ? 503 : 200);
    }
  };
  lead(1);
  using bal = await spawnBal({ config: recipe.config });
  const [writers, readers] = [recipe.port(5432), recipe.port(5433)];
  await untilStates(bal, 0, ["up", "down", "down"]);
  await untilStates(bal, 1, ["down", "up", "up"]);
  const { wire, name } = await ask(writers);
  expect(name).toBe("1");
  expect((await ask(readers)).name).toBeOneOf(["2", "3"]);
  lead(0);
  expect(await wire.ended).toBe("reset");
  const waiting = ask(writers);
  await until("it waits", async () =>
    (await bal.run("sessions", "--json")).stdout.includes('"queued"'),
  );
  lead(3);
  expect((await waiting).name).toBe("3");
});

test("galera: one node has all clients, and has them again when it is back", async () => {
  const recipe = new Recipe("galera");
  using nodes = roleNodes(recipe, { client: 3306, api: 9200 });
  for (const node of [2, 3]) nodes.answers.set(`${node} /`, 200);
  using bal = await spawnBal({ config: recipe.config });
  await untilStates(bal, 0, ["down", "up", "up"]);
  const clients = await Promise.all([1, 2, 3].map(() => ask(recipe.port(3306))));
  expect(clients.map(({ name }) => name)).toEqual(["2", "2", "2"]);
  nodes.answers.set("1 /", 200);
  for (const { wire } of clients) expect(await wire.ended).toBe("reset");
  expect((await ask(recipe.port(3306))).name).toBe("1");
});

test("redis: clients have the master that has a replica, and no other one that says it is", async () => {
  const recipe = new Recipe("redis");
  const roles = ["role:master\r\nconnected_slaves:0", "role:slave", "role:slave"];
  const opened = roles.map((_, index) =>
    peer(
      async (wire) => {
        void wire.ended.then(() => wire.finish());
        const first = await wire.read(1);
        if (first.startsWith("?")) return void (await wire.send(String(index + 1)));
        await wire.read("INFO replication\r\nQUIT\r\n".length);
        await wire.send(`$99\r\n# Replication\r\n${roles[index]}\r\n\r\n+OK\r\n`);
        wire.finish();
      },
      { host: host(index + 1), port: recipe.port(6379) },
    ),
  );
  try {
    using bal = await spawnBal({ config: recipe.config });
    await untilStates(bal, 0, ["down", "down", "down"]);
    // A replica fails by its answer, and not by the time that the check may take.
    for (const { reason } of (await bal.status()).pools[0]?.backends ?? []) {
      expect(reason).toStartWith("check failed: it closed after it answered");
    }
    roles[2] = "role:master\r\nconnected_slaves:1\r\nslave0:ip=10.0.0.2,port=6379,state=online";
    await untilStates(bal, 0, ["down", "down", "up"]);
    expect((await ask(recipe.port(6379))).name).toBe("3");
  } finally {
    for (const one of opened) one.kill();
  }
});

/** Speaks as a server of a protocol does to a check: `answers` by what the client begins with. */
function speaker(
  recipe: Recipe,
  node: number,
  port: number,
  talk: (wire: Wire) => Promise<unknown>,
) {
  const behave = async (wire: Wire) => {
    void wire.ended.then(() => wire.finish());
    await talk(wire);
  };
  return peer(behave, { host: host(node), port: recipe.port(port) });
}

test("rabbitmq: a node that starts a connection is up, and one that closes it is down", async () => {
  const recipe = new Recipe("rabbitmq");
  const start = "\x01\0\0\0\0\0\x10\0\x0a\0\x0a\0\x09";
  const header = "AMQP\0\0\x09\x01";
  using _well = speaker(recipe, 1, 5672, async (wire) => {
    if ((await wire.read(8)) === header) await wire.send(start);
  });
  using _old = speaker(recipe, 2, 5672, async (wire) => {
    await wire.read(8);
    await wire.send("AMQP\0\0\x09\x02");
  });
  using bal = await spawnBal({ config: recipe.config });
  await untilStates(bal, 0, ["up", "down", "down"]);
});

test("mqtt: a broker that takes a client is up", async () => {
  const recipe = new Recipe("mqtt");
  const broker = (node: number, answer: string) =>
    speaker(recipe, node, 1883, async (wire) => {
      const asked = await wire.read(14);
      if (asked.startsWith("\x10\x0c\0\x04MQTT\x04")) await wire.send(answer);
    });
  using _well = broker(1, "\x20\x02\0\0");
  using _full = broker(2, "\x20\x02\0\x03");
  using bal = await spawnBal({ config: recipe.config });
  await untilStates(bal, 0, ["up", "down"]);
});

test("kubernetes-api: a server is up while /readyz says so, by a certificate of the cluster", async () => {
  const recipe = new Recipe("kubernetes-api");
  let status = 200;
  const cert = Bun.file(join(certificates, "ca.crt"));
  const key = Bun.file(join(certificates, "key.pem"));
  const tls = { cert, key };
  const server = (node: number) =>
    Bun.serve({
      ...{ hostname: host(node), port: recipe.port(6443), tls },
      fetch: ({ url }) => new Response("", { status: url.endsWith("/readyz") ? status : 404 }),
    });
  using _one = server(1);
  using _two = server(2);
  using bal = await spawnBal({ config: recipe.config });
  await untilStates(bal, 0, ["up", "up", "down"]);
  status = 500;
  await untilStates(bal, 0, ["down", "down", "down"]);
});

test("smtp: a relay that greets and says goodbye is up, and it knows who asks", async () => {
  const recipe = new Recipe("smtp");
  const heard: string[] = [];
  const relay = (node: number, greeting: string) =>
    speaker(recipe, node, 25, async (wire) => {
      heard.push(await wire.read(16));
      await wire.send(`${greeting}\r\n`);
      if ((await wire.read(22)).endsWith("QUIT\r\n")) await wire.send("221 bye\r\n");
    });
  using _well = relay(1, "220 mx1.example ESMTP");
  using _busy = relay(2, "421 too busy");
  using bal = await spawnBal({ config: recipe.config });
  await untilStates(bal, 0, ["up", "down"]);
  // LOCAL of the PROXY protocol, version 2.
  expect(heard[0]).toStartWith("\r\n\r\n\0\r\nQUIT\n\x20");
});
