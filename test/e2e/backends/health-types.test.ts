// Checks that talk, by the binary, with the servers that they are for.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at, fullConfig, simpleConfig, spawnBal } from "../../support/bal.ts";
import { namedPeer, peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { realServer, runNginx } from "../../support/real-server.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(60_000);

const redisServer = Bun.which("redis-server");
// A convenience of the machine: the protocol itself is tested against a scripted peer.
const withRedis = test.skipIf(redisServer === null);

const quick = { interval: "500ms", fast_interval: "100ms", timeout: "400ms", rise: 1, fall: 2 };
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-health-"));
  const made = Bun.spawnSync(
    [
      ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3"],
      ...["-subj", "/CN=a.example", "-addext", "subjectAltName=DNS:a.example"],
      ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")],
    ],
    { stdout: "ignore", stderr: "ignore" },
  );
  expect(made.exitCode).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true }));

function opensslServer(): Disposable & { readonly port: number } {
  const port = freePort();
  const files = ["-cert", join(folder, "cert.pem"), "-key", join(folder, "key.pem")];
  const server = Bun.spawn(["openssl", "s_server", "-accept", `${port}`, "-quiet", ...files], {
    ...{ stdin: "pipe", stdout: "ignore", stderr: "ignore" },
  });
  return { port, [Symbol.dispose]: () => server.kill() };
}

test("tls: any certificate will do, and one that ends soon is told of once", async () => {
  using server = opensslServer();
  using plain = namedPeer("a");
  using bal = await spawnBal({
    config: simpleConfig([server, plain], { health_check: { ...quick, type: "tls" } }),
  });
  await bal.untilState(server.port, "up");
  await bal.untilState(plain.port, "down");
  const told = () => bal.logs().filter(({ event }) => event === "certificate-expiry");
  await until("it is logged", () => told().length > 0);
  const checks = async () => (await bal.status()).pools[0]?.backends[0]?.check_ms;
  const first = await checks();
  await until("it was checked again", async () => (await checks()) !== first);
  expect(told()).toHaveLength(1);
  expect(told()[0]?.message).toContain("in less than 3d");
  const { certificate_expires_at: ends } = (await bal.status()).pools[0]!.backends[0]!;
  const metrics = await (await bal.get("/metrics"))!.text();
  const expiry = /^bal_certificate_expiry_timestamp_seconds\{.*:(\d+)"\} (\d+)$/gm;
  expect([...metrics.matchAll(expiry)].map(([, port, seconds]) => [port, seconds])).toEqual([
    [`${server.port}`, `${Date.parse(ends!) / 1000}`],
  ]);
});

test.skipIf(Bun.which("nginx") === null)(
  "tls: where the backend waits for a PROXY header, that comes before the handshake",
  async () => {
    await using nginx = await realServer(
      runNginx,
      (port, own) => `
        pid ${own}/pid; error_log /dev/null; worker_processes 1;
        events {}
        http {
          access_log off; client_body_temp_path ${own}/b; proxy_temp_path ${own}/p;
          fastcgi_temp_path ${own}/f; uwsgi_temp_path ${own}/u; scgi_temp_path ${own}/s;
          server {
            listen 127.0.0.1:${port} ssl proxy_protocol;
            ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
          }
        }`,
    );
    const config = (version: string) => {
      const pool = { proxy_protocol: version, health_check: { ...quick, type: "tls" } };
      return fullConfig({ backends: [at(nginx)], pool }, { port });
    };
    const port = freePort();
    using bal = await spawnBal({ config: config("v2").config });
    await bal.untilState(nginx.port, "up");
    await bal.reload(config("off").config);
    await bal.untilState(nginx.port, "down");
    await bal.reload(config("v1").config);
    await bal.untilState(nginx.port, "up");
  },
);

test("tls with verify: a certificate that nobody has signed is refused, and a reload forgives it", async () => {
  using server = opensslServer();
  const config = (verify: boolean) =>
    simpleConfig([server], {
      health_check: { ...quick, type: "tls", server_name: "a.example", verify },
    });
  using bal = await spawnBal({ config: config(true) });
  await bal.untilState(server.port, "down");
  const reason = (await bal.status()).pools[0]?.backends[0]?.reason;
  expect(reason).toBe("check failed: its certificate is refused: self signed certificate");
  await bal.reload({ ...config(false), port: bal.port });
  await bal.untilState(server.port, "up");
});

test("https asks over TLS, with the method and headers that it is told, and shows the status", async () => {
  let status = 200;
  const asked: (string | null)[][] = [];
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: Bun.file(`${folder}/cert.pem`), key: Bun.file(`${folder}/key.pem`) },
    fetch: ({ method, url, headers }) => {
      asked.push([method, new URL(url).pathname, headers.get("authorization")]);
      return new Response("it is ready", { status });
    },
  });
  const check = { ...quick, type: "https", path: "/readyz", contains: "ready" };
  const headers = { Authorization: "Bearer t" };
  const verified = { server_name: "a.example", verify: true, ca: `${folder}/cert.pem` };
  using bal = await spawnBal({
    config: simpleConfig([{ port: server.port! }], {
      health_check: { ...check, headers, ...verified },
    }),
  });
  await bal.untilState(server.port!, "up");
  expect(asked[0]).toEqual(["GET", "/readyz", "Bearer t"]);
  expect(await (await bal.get("/v1/config"))?.text()).not.toContain("Bearer t");
  status = 503;
  await bal.untilState(server.port!, "down");
  expect((await bal.status()).pools[0]?.backends[0]?.reason).toBe("check failed: HTTP 503");
});

test("a list of checks: all must pass, and the first that fails says why", async () => {
  using backend = namedPeer("a");
  let status = 200;
  using api = Bun.serve({
    ...{ port: 0, hostname: "127.0.0.1" },
    fetch: () => new Response("", { status }),
  });
  const checks = [
    { ...quick, type: "tcp" },
    { type: "http", port: api.port, path: "/ready" },
  ];
  using bal = await spawnBal({ config: simpleConfig([backend], { health_check: checks }) });
  await bal.untilState(backend.port, "up");
  status = 500;
  await bal.untilState(backend.port, "down");
  const reason = async () => (await bal.status()).pools[0]?.backends[0]?.reason;
  expect(await reason()).toBe("check failed: check 2: HTTP 500");
  status = 200;
  await bal.untilState(backend.port, "up");
  backend.refuse();
  await bal.untilState(backend.port, "down");
  expect(await reason()).toBe("check failed: check 1: connection refused");
});

test("exchange: steps, of a server that speaks first and insists on its order", async () => {
  const heard: string[] = [];
  using mail = peer(async (wire) => {
    await wire.send("220-mail.example\r\n");
    await wire.send("220 ready\r\n");
    const word = await wire.read(6);
    heard.push(word);
    await wire.send(word === "QUIT\r\n" ? "221 bye\r\n" : "500 what\r\n");
    await wire.ended;
    wire.finish();
  });
  const steps = [{ expect: "220" }, { send: "QUIT\r\n" }, { expect: "221" }];
  using bal = await spawnBal({
    config: simpleConfig([mail], { health_check: { ...quick, type: "exchange", steps } }),
  });
  await bal.untilState(mail.port, "up");
  expect(heard[0]).toBe("QUIT\r\n");
});

test("the reason of a backend that stays down is that of its last check", async () => {
  const port = freePort();
  using bal = await spawnBal({
    config: simpleConfig([{ port }], {
      health_check: { ...quick, type: "http", timeout: "300ms" },
    }),
  });
  await bal.untilState(port, "down");
  const isReason = (reason: string) => async () =>
    (await bal.status()).pools[0]?.backends[0]?.reason === `check failed: ${reason}`;
  expect(await isReason("connection refused")()).toBe(true);
  {
    using _silent = peer(() => {}, { port });
    await until("it is silent", isReason("no answer within 300ms"));
  }
  using _server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    fetch: () => new Response("", { status: 503 }),
  });
  await until("it answers", isReason("HTTP 503"));
});

test("a check on another port begins without a PROXY header", async () => {
  using backend = namedPeer("a");
  const first = Promise.withResolvers<string>();
  using other = peer(async (wire) => {
    first.resolve(await wire.read(4));
    await wire.send("+PONG\r\n");
    await wire.ended;
    wire.finish();
  });
  const health_check = {
    ...quick,
    type: "exchange",
    port: other.port,
    send: "PING",
    expect: "+PONG",
  };
  const pool = { proxy_protocol: "v2", health_check };
  const { config } = fullConfig({ backends: [at(backend)], pool });
  using bal = await spawnBal({ config });
  await bal.untilState(backend.port, "up");
  expect(await first.promise).toBe("PING");
});

test("exchange: a server that speaks first is judged by its greeting", async () => {
  let greeting = "220 mail.example ESMTP\r\n";
  using mail = peer(async (wire) => {
    await wire.send(greeting);
    await wire.ended;
    wire.finish();
  });
  using bal = await spawnBal({
    config: simpleConfig([mail], { health_check: { ...quick, type: "exchange", expect: "220 " } }),
  });
  await bal.untilState(mail.port, "up");
  greeting = "421 too busy\r\n";
  await bal.untilState(mail.port, "down");
  const reason = (await bal.status()).pools[0]?.backends[0]?.reason;
  expect(reason).toBe('check failed: it answered "421 too busy\\x0d\\n"');
});

test("http: answers that are garbage, huge, cut off or absent fail the check, and nothing more", async () => {
  const answers = ["\0\u0001\u0002", `HTTP/1.1 ${"x".repeat(100_000)}`, "HTTP/1.1 2", ""];
  const peers = answers.map((answer) =>
    peer(async (wire) => {
      await wire.read(4).catch(() => {});
      await wire.send(answer).catch(() => {});
      if (answer !== "") wire.finish();
    }),
  );
  using good = Bun.serve({ port: 0, fetch: () => new Response("ok") });
  try {
    using bal = await spawnBal({
      config: simpleConfig([...peers, { port: good.port! }], {
        health_check: { ...quick, type: "http" },
      }),
    });
    for (const { port } of peers) await bal.untilState(port, "down");
    await bal.untilState(good.port!, "up");
  } finally {
    for (const one of peers) one[Symbol.dispose]();
  }
});

withRedis("exchange: redis answers PING, until it is gone", async () => {
  const port = freePort();
  const start = () =>
    Bun.spawn(
      [redisServer!, "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", folder],
      { stdout: "ignore", stderr: "ignore" },
    );
  let redis = start();
  try {
    const exchange = { ...quick, type: "exchange", send: "PING\r\n", expect: "+PONG" };
    using bal = await spawnBal({ config: simpleConfig([{ port }], { health_check: exchange }) });
    await bal.untilState(port, "up");
    redis.kill();
    await redis.exited;
    await bal.untilState(port, "down");
    redis = start();
    await bal.untilState(port, "up");
    // It speaks, but not what is expected.
    await bal.reload({
      ...simpleConfig([{ port }], { health_check: { ...exchange, expect: "+NO" } }),
      port: bal.port,
    });
    await bal.untilState(port, "down");
    const reason = (await bal.status()).pools[0]?.backends[0]?.reason;
    expect(reason).toBe('check failed: it answered "+PONG\\x0d\\n"');
  } finally {
    redis.kill();
    await redis.exited;
  }
});

test("checks of every type that fail for a while leave no descriptor", async () => {
  using silent = peer(() => {});
  const types = [{ type: "tls" }, { type: "http" }, { type: "exchange", expect: "x" }];
  const often = { interval: "50ms", fast_interval: "50ms", timeout: "20ms" };
  const listeners = types.map((_, nth) => ({
    ...{ name: `l${nth}`, bind_address: "127.0.0.1", port: freePort(), pool: `p${nth}` },
  }));
  const backends = [{ host: "127.0.0.1", port: silent.port }];
  const config = (isChecked: boolean) => {
    const checks = types.map((check) => (isChecked ? { ...often, ...check } : { type: "off" }));
    const pools = checks.map((health_check, nth) => [`p${nth}`, { health_check, backends }]);
    return JSON.stringify({ listeners, pools: Object.fromEntries(pools) });
  };
  using bal = await spawnBal({ config: config(false) });
  await bal.untilState(silent.port, "up");
  const before = bal.openStreams();
  await bal.reload(config(true));
  await until("a hundred checks were made", () => silent.connections >= 100);
  await bal.reload(config(false));
  await until("their descriptors are gone", () => bal.openStreams() <= before, 5000);
});
