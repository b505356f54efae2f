// Checks that talk, on real sockets: answers in pieces, none at all, too long, cut off.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { healthCheckOf } from "../../../src/config/resolve-health.ts";
import { conversationOf } from "../../../src/control/health/conversation.ts";
import { probeBackend } from "../../../src/control/health/probe.ts";
import { namedPeer, peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(20_000);

let folder = "";
const certificate = () => ({
  cert: Bun.file(join(folder, "cert.pem")),
  key: Bun.file(join(folder, "key.pem")),
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-tls-"));
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

type Written = Parameters<typeof healthCheckOf>[0][number];

const backend = { host: "db.internal", proxyProtocol: { version: "off", tlvs: [] } } as const;

async function check({ port }: { readonly port: number }, written: Written, timeoutMs = 2000) {
  const { checks } = healthCheckOf([{ timeout: timeoutMs, ...written }]);
  const conversations = checks.map((one) => conversationOf(one, { ...backend, port }));
  return await probeBackend([{ family: 4, ip: "127.0.0.1", port }], 0, conversations);
}

/** Sends these pieces to whoever comes, then ends if told so. */
function saying(pieces: readonly string[], { isEnding = false } = {}) {
  return peer(async (wire) => {
    for (const piece of pieces) {
      await wire.send(piece);
      await Bun.sleep(5);
    }
    if (isEnding) wire.finish();
    await wire.ended;
    wire.finish();
  });
}

test("http asks for the path with the backend's name, and reads the status alone", async () => {
  const asked = Promise.withResolvers<string>();
  using server = Bun.serve({
    port: 0,
    fetch: (request) => {
      asked.resolve(
        `${request.method} ${new URL(request.url).pathname} ${request.headers.get("host")}`,
      );
      return new Response("no", { status: 503 });
    },
  });
  const backend = { port: server.port! };
  expect((await check(backend, { type: "http", path: "/primary" })).error).toBe("HTTP 503");
  expect(await asked.promise).toBe("GET /primary db.internal");
  expect((await check(backend, { type: "http", expect: "503" })).error).toBeNull();
});

test.each([
  ["in pieces", ["H", "TTP/1.1 2", "00 OK", "\r\n"], false, null],
  ["nothing", [], true, "it closed before it answered"],
  ["silence", [], false, "no answer within 700ms"],
  ["half a line", ["HTTP/1.1 200"], true, "it closed before it answered"],
  ["another protocol", ["220 mail ready\r\n"], false, 'no HTTP answer: "220 mail ready\\x0d\\n"'],
  ["no end", [`HTTP/1.1 ${"x".repeat(8000)}`], false, expect.stringContaining("no HTTP answer")],
] as const)("http, answered with %s", async (_, pieces, isEnding, error) => {
  using backend = saying(pieces, { isEnding });
  expect((await check(backend, { type: "http" }, 700)).error).toEqual(error);
});

test("exchange sends its bytes and looks at what the answer begins with", async () => {
  using redis = peer(async (wire) => {
    const asked = await wire.read(6);
    await wire.send(asked === "PING\r\n" ? "+PONG\r\n" : "-ERR\r\n");
    await wire.ended;
    wire.finish();
  });
  const written = { type: "exchange", expect: "+PONG" } as const;
  expect((await check(redis, { ...written, send: "PING\r\n" })).error).toBeNull();
  const other = await check(redis, { ...written, send: "hex:50 49 4e 47 0a 0a" });
  expect(other.error).toBe('it answered "-ERR\\x0d\\n"');
  using mail = saying(["22", "0 ready\r\n"]);
  expect((await check(mail, { type: "exchange", expect: "220 " })).error).toBeNull();
});

test("tls wants a handshake, and with verify a certificate that is valid", async () => {
  using server = Bun.serve({ port: 0, tls: certificate(), fetch: () => new Response("x") });
  const backend = { port: server.port! };
  for (const server_name of ["a.example", "b.example", undefined]) {
    const loose = await check(backend, { type: "tls", ...(server_name && { server_name }) });
    expect(loose.error).toBeNull();
    expect(loose.expiresAt!.getTime()).toBeGreaterThan(Date.now());
  }
  const strict = await check(backend, { type: "tls", server_name: "a.example", verify: true });
  expect(strict.error).toContain("certificate is refused: self signed");
  expect(strict.expiresAt!.getTime()).toBeGreaterThan(Date.now());
  using plain = namedPeer("a");
  expect((await check(plain, { type: "tls" }, 700)).error).toMatch(/TLS handshake/);
});

test("a tls check leaves with a FIN, whatever it thinks of the certificate", async () => {
  const endings: string[] = [];
  using server = Bun.listen({
    ...{ hostname: "127.0.0.1", port: 0, tls: certificate() },
    socket: {
      data: () => {},
      end: (socket) => void socket.end(),
      close: (_, error) => void endings.push(error === undefined ? "eof" : String(error)),
    },
  });
  for (const verify of [false, true]) await check(server, { type: "tls", verify });
  await until("both have left", () => endings.length === 2);
  expect(endings).toEqual(["eof", "eof"]);
});

test("a tls check of a server that says nothing ends after its timeout", async () => {
  using silent = peer(() => {});
  expect((await check(silent, { type: "tls" }, 300)).error).toBe("no TLS handshake within 300ms");
});
