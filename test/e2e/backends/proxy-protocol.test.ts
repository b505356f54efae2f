// Backends are told who the client is: by bytes on the wire, and as nginx and HAProxy read them.
import { expect, setDefaultTimeout, test } from "bun:test";
import { at, fullConfig, spawnBal } from "../../support/bal.ts";
import { peer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { realServer, runHaproxy, runNginx } from "../../support/real-server.ts";
import { until } from "../../support/until.ts";
import { exchangeFrom } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** Answers with the first bytes that it was sent, and ends. */
const firstBytesPeer = (bytes: number) =>
  peer(async (wire) => {
    const read = await wire.read(bytes);
    await wire.send(read);
    wire.finish();
  });

test("version 1 comes before the client's bytes, and a backend may say otherwise", async () => {
  const port = await freePort();
  const header = (from: string) => `PROXY TCP4 ${from} 127.0.0.1 `;
  using told = firstBytesPeer(header("127.0.0.2").length);
  using untold = firstBytesPeer(1);
  const backends = [at(told), at(untold, { proxy_protocol: "off" })];
  const { config } = fullConfig({ backends, pool: { proxy_protocol: "v1" } }, { port });
  using _ = await spawnBal({ config });
  const answers = [await exchangeFrom("127.0.0.2", port), await exchangeFrom("127.0.0.2", port)];
  const texts = answers.map(({ text }) => text.slice(0, header("127.0.0.2").length)).toSorted();
  expect(texts).toEqual(["?", header("127.0.0.2")]);
});

test("a check of a backend that waits for the header has one", async () => {
  const seen: string[] = [];
  using backend = peer(async (wire) => {
    seen.push(await wire.read(15));
    wire.finish();
  });
  const pool = { proxy_protocol: "v1", health_check: { interval: "500ms" } };
  using _ = await spawnBal({ config: fullConfig({ backends: [at(backend)], pool }).config });
  await until("it was checked", () => seen.length > 1);
  expect(new Set(seen)).toEqual(new Set(["PROXY UNKNOWN\r\n"]));
});

const nginx = () =>
  realServer(
    runNginx,
    (port, folder) => `
      pid ${folder}/pid; error_log /dev/null; worker_processes 1;
      events {}
      http {
        access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p;
        fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        server {
          listen 127.0.0.1:${port} proxy_protocol;
          return 200 "$proxy_protocol_addr to $proxy_protocol_server_addr";
        }
      }`,
  );

const haproxy = () =>
  realServer(
    runHaproxy,
    (port) => `
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] to %[dst]"
`,
  );

for (const [name, start] of [
  ["nginx", nginx],
  ["haproxy", haproxy],
] as const) {
  test.skipIf(Bun.which(name) === null).each(["v1", "v2"])(
    `${name} knows the client by version %s`,
    async (version) => {
      await using backend = await start();
      const pool = { proxy_protocol: version };
      const { config, port } = fullConfig({ backends: [at(backend)], pool });
      using _ = await spawnBal({ config });
      const asked = Bun.spawn([
        ...["curl", "-sS", "--max-time", "5", "--interface", "127.0.0.7"],
        `http://127.0.0.1:${port}/`,
      ]);
      expect(await new Response(asked.stdout).text()).toBe("127.0.0.7 to 127.0.0.1");
    },
  );
}
