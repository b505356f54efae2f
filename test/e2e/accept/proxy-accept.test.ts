// PROXY headers of peers in front: believed when they are trusted, in whatever pieces they come, refused
// when they are wrong; nginx and HAProxy send them for real.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { createConnection } from "node:net";
import type { SessionStatus } from "../../../src/api/admin-api.ts";
import {
  formatHeader,
  formatLocal,
  type Route,
} from "../../../src/policy/proxy-protocol/format.ts";
import { alpn, hello, hostName, serverName } from "../../policy/tls/hello.ts";
import { at, type ConfigObject, fullConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, holdingPeer, type Peer, peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { realServer, runHaproxy, runNginx } from "../../support/real-server.ts";
import { connect, type ReadToEnd } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** Answers with what it got by the client's FIN: the header that bal sends, and the client's bytes. */
const mirror = () =>
  peer(async (wire) => {
    const { text } = await wire.readToEnd();
    await wire.send(text);
    wire.finish();
  });

const TRUSTED = { trusted: ["127.0.0.1", "127.0.0.8/30"] };

function accepting(backend: Peer, accept: ConfigObject = TRUSTED, more: ConfigObject = {}) {
  const { pool = {}, listener = {}, ...extra } = more;
  return fullConfig(
    {
      backends: [at(backend)],
      pool: { health_check: { type: "off" }, proxy_protocol: "v1", ...(pool as object) },
      listener: { proxy_protocol: accept, ...(listener as object) },
    },
    extra,
  );
}

/** Sends these pieces one by one from an address of this host's own, then FIN; reads to the end. */
function ask(
  port: number,
  pieces: readonly (Uint8Array | string)[],
  from = "127.0.0.1",
): Promise<ReadToEnd> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, localAddress: from, allowHalfOpen: true };
    const socket = createConnection({ ...options, noDelay: true });
    let text = "";
    socket.setEncoding("latin1");
    socket.on("connect", async () => {
      for (const piece of pieces) {
        await new Promise((done) => socket.write(piece, done));
        if (pieces.length > 1) await Bun.sleep(1); // So that the kernel does not join them.
      }
      socket.end();
    });
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => resolve({ ending: "eof", text }));
    socket.on("error", () => resolve({ ending: "reset", text }));
  });
}

const eof = (text: string): ReadToEnd => ({ ending: "eof", text });
const refused: ReadToEnd = { ending: "reset", text: "" };
const V4 = "TCP4 192.0.2.7 192.0.2.80 4000 443";
const V6 = "TCP6 2001:db8::7 2001:db8::80 4000 443";

const route = (ip: string, to: string): Route => ({
  source: { ip, port: 4000 },
  destination: { ip: to, port: 443 },
});

const HEADERS: readonly (readonly [name: string, header: Uint8Array, told: string])[] = [
  ["version 1", Buffer.from(`PROXY ${V4}\r\n`), V4],
  ["version 1 of IPv6", Buffer.from(`PROXY ${V6}\r\n`), V6],
  ["version 2", formatHeader("v2", route("192.0.2.7", "192.0.2.80")), V4],
  ["version 2 of IPv6", formatHeader("v2", route("2001:db8::7", "2001:db8::80")), V6],
  [
    "version 2 with TLVs",
    formatHeader("v2", route("192.0.2.7", "192.0.2.80"), {
      tlvs: ["authority", "unique_id", "crc32c"],
      values: { authority: "a.test", alpn: null, unique_id: "1".repeat(128) },
    }),
    V4,
  ],
];

test("a header is taken off at whatever byte it is cut, and told to the backend", async () => {
  using backend = mirror();
  const { config, port } = accepting(backend);
  using _ = await spawnBal({ config });
  for (const [name, header, told] of HEADERS) {
    const bytes = Buffer.concat([header, Buffer.from("hello")]);
    const cuts = Array.from({ length: bytes.length }, (_, at) => at);
    const answers = await Promise.all(
      cuts.map((at) => ask(port, at === 0 ? [bytes] : [bytes.subarray(0, at), bytes.subarray(at)])),
    );
    const expected = eof(`PROXY ${told}\r\nhello`);
    expect([name, answers]).toEqual([name, cuts.map(() => expected)]);
    expect(
      await ask(
        port,
        [...bytes].map((byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(expected);
  }
});

test("LOCAL and UNKNOWN are the peer itself", async () => {
  using backend = mirror();
  const { config, port } = accepting(backend);
  using _ = await spawnBal({ config });
  for (const header of [formatLocal("v1"), formatLocal("v2"), "PROXY UNKNOWN x\r\n"]) {
    const { text } = await ask(port, [header, "hi"], "127.0.0.9");
    expect(text.replace(/ \d+ /, " ")).toBe(`PROXY TCP4 127.0.0.9 127.0.0.1 ${port}\r\nhi`);
  }
});

test("who is not trusted is refused before a byte is read, and what is no header after", async () => {
  using backend = mirror();
  const { config, port } = accepting(backend);
  using bal = await spawnBal({ config });
  expect(await ask(port, [`PROXY ${V4}\r\n`], "127.0.0.2")).toEqual(refused);
  using silent = await connect(port);
  expect(silent.isClosed).toBe(false);
  const wrong = [
    "GET / HTTP/1.1\r\n\r\n",
    "PROXY TCP4 1.2.3.4\r\n",
    `PROXY ${V4}\n`,
    `PROXY ${"x".repeat(200)}`,
    "PROXY TCP4 1.2.3.4 1.2.3.4 99999 1\r\n",
    Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x31, 0x11, 0, 0),
    Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x11, 0xff, 0xff),
    Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x11, 0, 3, 1, 2, 3),
  ];
  for (const bytes of wrong) expect(await ask(port, [bytes])).toEqual(refused);
  const metrics = await (await bal.get("/metrics"))?.text();
  const refusals = (reason: string) =>
    Number(
      new RegExp(`refused_total{listener="edge",reason="${reason}"} (\\d+)`).exec(
        metrics ?? "",
      )?.[1],
    );
  expect(refusals("untrusted_proxy_header")).toBe(1);
  expect(refusals("bad_proxy_header")).toBe(wrong.length);
  expect(backend.connections).toBe(0);
  const line = bal.logs().find(({ event }) => event === "client-refused");
  expect(line).toMatchObject({ end: "PP", reason: "bad_proxy_header" });
});

test("optional: a peer without a header is served as itself, a header of one that is not trusted is not", async () => {
  using backend = mirror();
  const { config, port } = accepting(backend, { ...TRUSTED, optional: true });
  using _ = await spawnBal({ config });
  const plain = async (from: string) =>
    (await ask(port, ["P", "ROXIMA"], from)).text.replace(/ \d+ /, " ");
  for (const from of ["127.0.0.1", "127.0.0.2"])
    expect(await plain(from)).toBe(`PROXY TCP4 ${from} 127.0.0.1 ${port}\r\nPROXIMA`);
  expect(await ask(port, [`PROXY ${V4}\r\nhi`])).toEqual(eof(`PROXY ${V4}\r\nhi`));
  expect(await ask(port, [`PROXY ${V4}\r\nhi`], "127.0.0.2")).toEqual(refused);
});

test("optional: a peer that is not trusted meets lists and limits before it has sent a byte", async () => {
  using backend = mirror();
  const listener = { deny: ["127.0.0.2"], limits: { per_client: 2, rate_per_client: 0 } };
  const trust = { trusted: ["127.0.0.8/30"], optional: true };
  const timeouts = { preread: "60s" };
  const { config, port } = accepting(backend, trust, { listener, timeouts });
  using bal = await spawnBal({ config });
  // It sends neither a byte nor a FIN: only its address can be what it is refused by.
  const silent = (from: string) =>
    new Promise<string>((resolve) => {
      const socket = createConnection({ host: "127.0.0.1", port, localAddress: from });
      socket.on("error", ({ message }) =>
        resolve(message.includes("ECONNRESET") ? "reset" : message),
      );
      socket.on("close", () => resolve("closed"));
    });
  expect(await silent("127.0.0.2")).toBe("reset");
  using first = await connect(port);
  using second = await connect(port);
  using third = await connect(port);
  // With several workers it need not be the one that came last.
  const all = [first, second, third];
  const refused = await Promise.race(all.map((wire) => wire.ended.then(() => wire)));
  expect(await refused.ended).toBe("reset");
  for (const wire of all.filter((one) => one !== refused)) {
    await wire.send("hello");
    wire.finish();
    expect((await wire.readToEnd()).text).toContain("hello");
  }
  await bal.untilIdle();
  // Counted once, and let go of.
  expect((await ask(port, ["again"])).text).toContain("again");
  const metrics = await (await bal.get("/metrics"))?.text();
  expect(metrics).toContain('refused_total{listener="edge",reason="denied"} 1\n');
  expect(metrics).toContain('refused_total{listener="edge",reason="limit_client"} 1\n');
});

test("lists, limits, source_hash and the list of sessions go by the address that was announced", async () => {
  using a = holdingPeer("a");
  using b = holdingPeer("b");
  const listener = {
    proxy_protocol: TRUSTED,
    deny: ["192.0.2.66", "127.0.0.1"],
    limits: { per_client: 2 },
  };
  const { config, port } = fullConfig(
    { backends: [at(a), at(b)], pool: { method: "source_hash" }, listener },
    { workers: 2 },
  );
  using bal = await spawnBal({ config });
  const open = async (ip: string) => {
    const wire = await connect(port);
    await wire.send(`PROXY TCP4 ${ip} 192.0.2.80 4000 443\r\n?`);
    return { wire, name: await wire.read(1).catch((error) => error.message as string) };
  };
  expect((await open("192.0.2.66")).name).toBe("reset after 0 of 1 bytes");
  // Its own address is in `deny`, too: what counts is whom it speaks for.
  const first = await open("192.0.2.7");
  const second = await open("192.0.2.7");
  expect(["a", "b"]).toContain(first.name);
  expect(second.name).toBe(first.name);
  expect((await open("192.0.2.7")).name).toBe("reset after 0 of 1 bytes");
  const others = await Promise.all(Array.from({ length: 40 }, (_, n) => open(`198.51.100.${n}`)));
  expect(new Set(others.map(({ name }) => name))).toEqual(new Set(["a", "b"]));
  const { stdout } = await bal.run("sessions", "--json", "--sort", "age", "--limit", "1");
  const [oldest] = JSON.parse(stdout).sessions as SessionStatus[];
  expect(oldest).toMatchObject({ client: "192.0.2.7:4000", phase: "relaying" });
  for (const { wire } of [first, second, ...others]) wire.reset();
  await bal.untilIdle();
  expect((await open("192.0.2.7")).name).toBe(first.name);
});

test("header and hello together have one time, and the TLVs for the backend come of both", async () => {
  using backend = mirror();
  const listener = { pool: undefined, routes: [{ default: true, pool: "web" }] };
  const tlvs = { version: "v2", tlvs: ["authority", "alpn", "crc32c"] };
  const { config, port } = accepting(backend, TRUSTED, {
    listener,
    pool: { proxy_protocol: tlvs },
    timeouts: { preread: "1s" },
  });
  using bal = await spawnBal({ config });
  const bytes = hello({ extensions: [...serverName(hostName("a.test")), ...alpn("h2", "x")] });
  const values = { authority: "a.test", alpn: "h2", unique_id: "" };
  const header = formatHeader("v2", route("192.0.2.7", "192.0.2.80"), {
    tlvs: ["authority", "alpn", "crc32c"],
    values,
  });
  const { text } = await ask(port, [`PROXY ${V4}\r\n`, bytes.subarray(0, 9), bytes.subarray(9)]);
  // The mirror reads text: compared as such.
  expect(text).toBe(Buffer.from(Buffer.concat([header, bytes]).toString()).toString("latin1"));
  using halfway = await connect(port);
  await halfway.send(`PROXY ${V4}\r\n`);
  await halfway.send(bytes.subarray(0, 9));
  expect(await halfway.ended).toBe("reset");
  const metrics = await (await bal.get("/metrics"))?.text();
  expect(metrics).toContain('ended_total{listener="edge",reason="preread_timeout"} 1\n');
});

test("bulk that was promoted is still the announced client's", async () => {
  using backend = echoPeer();
  const { config, port } = accepting(backend, TRUSTED, { pool: { proxy_protocol: "off" } });
  using bal = await spawnBal({ config, env: { BAL_SPLICE_AFTER: "1" } });
  using wire = await connect(port);
  await wire.send(`PROXY ${V4}\r\n${"x".repeat(1000)}`);
  await wire.read(1000);
  await wire.send("y".repeat(1000));
  await wire.read(2000);
  const { stdout } = await bal.run("sessions", "--json");
  expect(JSON.parse(stdout).sessions).toMatchObject([
    { client: "192.0.2.7:4000", bytes_up: 2000, bytes_down: 2000 },
  ]);
});

const STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so";

describe("of real proxies", () => {
  const fronts = {
    nginx: {
      isHere: Bun.which("nginx") !== null && existsSync(STREAM),
      versions: ["v1"],
      start: (_: string, to: number) =>
        realServer(
          runNginx,
          (port, folder) => `
            load_module ${STREAM}; pid ${folder}/pid; error_log /dev/null; worker_processes 1;
            events {}
            stream { server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${to}; proxy_protocol on; proxy_half_close on; } }`,
        ),
    },
    haproxy: {
      isHere: Bun.which("haproxy") !== null,
      versions: ["v1", "v2"],
      start: (version: string, to: number) =>
        realServer(
          runHaproxy,
          (port) => `
defaults
  mode tcp
  timeout client 5s
  timeout connect 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${port}
  server s 127.0.0.1:${to} ${version === "v1" ? "send-proxy" : "send-proxy-v2 proxy-v2-options unique-id,crc32c"}
`,
        ),
    },
  };
  const table = Object.entries(fronts).flatMap(([name, front]) =>
    front.versions.map((version) => [name, version, front] as const),
  );

  for (const [name, version, front] of table) {
    test.skipIf(!front.isHere)(`${name} in front, version ${version}`, async () => {
      using backend = mirror();
      const { config, port } = accepting(backend, TRUSTED, { port: freePort() });
      using _ = await spawnBal({ config });
      await using proxy = await front.start(version, port);
      const { ending, text } = await ask(proxy.port, ["hello"], "127.0.0.77");
      expect([ending, text.replace(/ \d+ \d+\r/, "\r")]).toEqual([
        "eof",
        "PROXY TCP4 127.0.0.77 127.0.0.1\r\nhello",
      ]);
    });
  }
});
