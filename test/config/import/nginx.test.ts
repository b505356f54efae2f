import { describe, expect, test } from "bun:test";
import { imported } from "../../support/imports.ts";

type Route = Readonly<Record<string, unknown>>;

const WEB = "upstream web { server 10.0.0.1:443; server 10.0.0.2:443; }\n";

function nginx(server: string, rest = WEB) {
  return imported(`stream {\n${rest}server {\n${server}\n}\n}\n`);
}

test("a server is a listener, an upstream a pool, and each line of the result names where it is from", () => {
  const { config, yaml, notes } = nginx("listen 443;\nproxy_pass web;");
  expect(config.listeners).toEqual([{ name: "web", port: 443, pool: "web" }]);
  expect(config.pools.web.backends).toEqual([
    { host: "10.0.0.1", port: 443 },
    { host: "10.0.0.2", port: 443 },
  ]);
  expect(config.timeouts).toEqual({ idle: "10m" });
  expect(yaml).toContain("- {host: 10.0.0.2, port: 443}  # line 2");
  expect(notes).toEqual([]);
});

describe("listen", () => {
  test.each([
    ["listen 443;", { port: 443 }],
    ["listen *:443;", { port: 443 }],
    ["listen 127.0.0.1:443 reuseport;", { bind_address: "127.0.0.1", port: 443 }],
    ["listen [::]:443 ipv6only=off;", { bind_address: "::", port: 443 }],
    ["listen 443; listen [::]:443;", { bind_address: "::", port: 443 }],
    ["listen 9000-9010;", { port: "9000-9010" }],
    ["listen unix:/run/edge.sock;", { unix: "/run/edge.sock" }],
  ])("%s", (listen, keys) => {
    expect(nginx(`${listen} proxy_pass web;`).config.listeners).toEqual([
      { name: "web", ...keys, pool: "web" },
    ]);
  });

  test("with UDP or TLS is lost", () => {
    expect(nginx("listen 53 udp;\nlisten 53;\nproxy_pass web;").lines("lost")).toEqual([4]);
    expect(nginx("listen 443 ssl;\nproxy_pass web;").lines("lost")).toEqual([4]);
  });

  test("with proxy_protocol trusts whom nginx takes addresses from, or everybody", () => {
    const some = nginx("listen 1 proxy_protocol; set_real_ip_from 10.0.0.0/8; proxy_pass web;");
    expect(some.config.listeners[0].proxy_protocol).toEqual({ trusted: ["10.0.0.0/8"] });
    const all = nginx("listen 1 proxy_protocol; proxy_pass web;");
    expect(all.config.listeners[0].proxy_protocol).toEqual({ trusted: ["0.0.0.0/0", "::/0"] });
  });
});

describe("servers of an upstream", () => {
  test.each([
    ["10.0.0.1:80 weight=3", { host: "10.0.0.1", port: 80, weight: 3 }],
    ["10.0.0.1:80 max_conns=9", { host: "10.0.0.1", port: 80, max_connections: 9 }],
    ["10.0.0.1:80 down", { host: "10.0.0.1", port: 80, drain: true }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["unix:/run/a.sock", { unix: "/run/a.sock" }],
  ])("%s", (server, keys) => {
    const { config } = nginx("listen 1; proxy_pass a;", `upstream a { server ${server}; }\n`);
    expect(config.pools.a.backends).toEqual([keys]);
  });

  test.each([
    ["least_conn;", "least_connections"],
    ["hash $remote_addr consistent;", "source_hash"],
    ["hash $binary_remote_addr;", "source_hash"],
    ["random two least_conn;", "random"],
    ["", undefined],
  ])("are chosen by %s", (line, method) => {
    const upstream = `upstream a { ${line} server 10.0.0.1:1; server 10.0.0.2:1 backup; }\n`;
    const { config } = nginx("listen 1; proxy_pass a;", upstream);
    expect(config.pools.a.method).toBe(method);
    expect(config.pools.a.backends[1]).toMatchObject({ backup: true });
  });

  test("that nginx takes out by failures are checked, which differs", () => {
    const upstream = "upstream a {\nserver 10.0.0.1:1 max_fails=3 fail_timeout=30s;\n}\n";
    expect(nginx("listen 1; proxy_pass a;", upstream).lines("differs")).toEqual([3]);
  });
});

describe("proxy_pass", () => {
  test.each([
    ["10.0.0.1:80", { host: "10.0.0.1", port: 80 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["app.internal:80", { host: "app.internal", port: 80 }],
    ["unix:/run/a.sock", { unix: "/run/a.sock" }],
  ])("to %s is a pool of one", (target, backend) => {
    const { config } = nginx(`listen 1; proxy_pass ${target};`, "");
    expect(Object.values(config.pools)).toMatchObject([{ backends: [backend] }]);
  });

  test("to a name that a client chooses is lost, and prints no config", () => {
    const { yaml, lines } = nginx(
      "listen 443; ssl_preread on;\nproxy_pass $ssl_preread_server_name:443;",
      "",
    );
    expect(yaml).toBeNull();
    expect(lines("lost")).toEqual([4]);
  });

  test("with a PROXY header is a pool with one, also where another server sends none", () => {
    const { config } = imported(
      `${WEB}server { listen 1; proxy_pass web; }\nserver { listen 2; proxy_pass web; proxy_protocol on; }\n`,
    );
    expect(config.pools).toMatchObject({ web: {}, "web-proxy": { proxy_protocol: "v1" } });
    expect(config.listeners.map((one: { pool: string }) => one.pool)).toEqual(["web", "web-proxy"]);
  });
});

describe("times, limits and lists", () => {
  test("are those of the server, else of the stream", () => {
    const rest = `${WEB}proxy_timeout 30s;\nproxy_connect_timeout 2s;\n`;
    const { config } = nginx("listen 1; proxy_pass web; proxy_timeout 1h;", rest);
    expect(config.timeouts).toEqual({ connect: "2s", connect_total: "6s", idle: "1h" });
  });

  test("of one address are a listener's", () => {
    const rest = `${WEB}limit_conn_zone $binary_remote_addr zone=addr:10m;\n`;
    const { config } = nginx("listen 1; proxy_pass web; limit_conn addr 5;", rest);
    expect(config.listeners[0].limits).toEqual({ per_client: 5 });
  });

  test.each([
    ["allow 10.0.0.0/8; deny all;", ["10.0.0.0/8"], undefined],
    ["deny 10.0.0.0/8; allow all;", undefined, ["10.0.0.0/8"]],
    ["deny 10.6.0.0/16; allow 10.0.0.0/8; deny all;", ["10.0.0.0/8"], ["10.6.0.0/16"]],
  ])("%s", (lines, allow, deny) => {
    const { config } = nginx(`listen 1; proxy_pass web; ${lines}`);
    expect([config.listeners[0].allow, config.listeners[0].deny]).toEqual([allow, deny]);
  });

  test("in which the order matters differ", () => {
    const { lines } = nginx("listen 1; proxy_pass web;\nallow 10.1.0.0/16;\ndeny 10.0.0.0/8;");
    expect(lines("differs")).toEqual([6]);
  });

  test("of attempts are retries", () => {
    expect(nginx("listen 1; proxy_pass web; proxy_next_upstream off;").config.retries).toBe(0);
    expect(nginx("listen 1; proxy_pass web; proxy_next_upstream_tries 4;").config.retries).toBe(3);
  });
});

test("checks of the commercial version are checks", () => {
  const match = "match ping { send PING\\x0d; expect PONG; }\n";
  const { config } = nginx(
    "listen 1; proxy_pass web; health_check interval=3s fails=2 port=8080 match=ping;",
    `${WEB}${match}`,
  );
  expect(config.pools.web.health_check).toMatchObject({
    ...{ type: "exchange", send: "PING\r", port: 8080, interval: "3s", rise: 1, fall: 2 },
  });
});

describe("maps", () => {
  const POOLS = `${WEB}upstream one { server 10.0.1.1:443; }\nupstream two { server 10.0.2.1:443; }\n`;
  const routed = (map: string, pass = "$to") => {
    const found = nginx(`listen 443; ssl_preread on; proxy_pass ${pass};`, `${POOLS}${map}\n`);
    const all: Route[] = found.config.listeners[0].routes ?? [];
    return { ...found, routes: all.filter(({ tls }) => tls !== false) };
  };
  const LAST = { default: true, pool: "web" };

  test.each([
    ["a.example one; default web;", ["a.example"]],
    ["hostnames; *.b.example one; default web;", ["*.b.example"]],
    ["hostnames; .b.example one; default web;", ["b.example", "*.b.example"]],
    ["~^(a|b)\\.example$ one; default web;", ["a.example", "b.example"]],
    ["~*\\.b\\.example$ one; default web;", ["*.b.example"]],
    ['"~^(.*\\.)?b\\.example$" one; default web;', ["*.b.example", "b.example"]],
    ["a.example 10.0.1.1:443; default web;", ["a.example"]],
  ])("of names: %s", (rows, sni) => {
    const { routes } = routed(`map $ssl_preread_server_name $to { ${rows} }`);
    expect(routes).toMatchObject([{ sni }, LAST]);
  });

  test("of names and protocols together are routes of both, where names come first", () => {
    const { routes, lines } = routed(
      `map $ssl_preread_alpn_protocols $kind { ~\\bacme-tls/1\\b acme; default http; }
map $ssl_preread_server_name $host { a.example a; b.example b; default other; }
map $host:$kind $to { b:acme two; b:http two; a:acme one; default web; }`,
    );
    expect(routes).toEqual([
      { sni: ["b.example"], pool: "two" },
      { alpn: ["acme-tls/1"], pool: "one" },
      LAST,
    ]);
    expect(lines("lost")).toEqual([]);
  });

  test("without a default refuse other names", () => {
    const { routes } = routed("map $ssl_preread_server_name $to { a.example one; }");
    expect(routes).toEqual([{ sni: ["a.example"], pool: "one" }]);
  });

  test("of what a client speaks send clients without TLS where they belong", () => {
    const { config } = routed(
      'map $ssl_preread_protocol $to { "" one; "TLSv1.2" two; default web; }',
    );
    expect(config.listeners[0].routes).toEqual([LAST, { tls: false, pool: "one" }]);
  });

  test("of a part of a name can't be said", () => {
    const { lines } = routed("map $ssl_preread_server_name $to {\n~shop one;\ndefault web; }");
    expect(lines("lost")).toEqual([6]);
  });
});

describe("a file", () => {
  test("has its includes in it, and says in which file a line stands", () => {
    const { config, yaml } = imported("events {}\nstream { include conf.d/*.conf; }\n", {
      "conf.d/*.conf": `${WEB}server { listen 1; proxy_pass web; }\n`,
    });
    expect(config.listeners).toMatchObject([{ port: 1, pool: "web" }]);
    expect(yaml).toContain("# conf.d/*.conf:1");
  });

  test("whose include can't be read has lost it", () => {
    const { lines } = imported(`${WEB}server { listen 1; proxy_pass web; }\ninclude gone.conf;\n`);
    expect(lines("lost")).toEqual([3]);
  });

  test("of HTTP besides keeps its stream", () => {
    const { config, lines } = imported(
      `http {\n  server { listen 80; location / { root /x; } }\n}\nstream {\n${WEB}server { listen 1; proxy_pass web; } }\n`,
    );
    expect(config.listeners).toHaveLength(1);
    expect(lines("lost")).toEqual([1]);
  });

  test("of an upstream alone has a listener at its port, which is a guess", () => {
    const { config, lines } = imported(WEB);
    expect(config.listeners).toEqual([{ name: "web", port: 443, pool: "web" }]);
    expect(lines("differs")).toEqual([1]);
  });

  test("says of every directive that it does not know that it is lost", () => {
    expect(nginx("listen 1;\nwonder on;\nproxy_pass web;").lines("lost")).toEqual([5]);
  });

  test("whose blocks and quotes do not end does not throw", () => {
    const odd = [
      "stream { server { listen 1; proxy_pass 10.0.0.1:1",
      'stream { map $a $b { "x y; } server { listen 1; proxy_pass $b; } }',
      "upstream a { server x; } } server { listen ; proxy_pass ; }",
      "stream { map $x $x { default $x; } server { listen 1; proxy_pass $x; } }",
      "stream { map $ssl_preread_server_name $x { ~( a; ~[ b; } server { listen 1; proxy_pass $x; } }",
      "server { listen 99999; listen 0; listen 5-1; proxy_pass 10.0.0.1:99999; }",
    ];
    for (const text of odd) imported(text);
  });
});

test("clients of an upstream that bal cannot dial are refused, and go to no other pool", () => {
  const map = `map $ssl_preread_server_name $to { b.example odd; default web; }
upstream odd { server unix:; }
`;
  const { config, lines } = nginx("listen 443;\nssl_preread on;\nproxy_pass $to;", WEB + map);
  expect(lines("lost")).toEqual([4]);
  expect(config.listeners[0].routes[0]).toEqual({ sni: ["b.example"], refuse: true });
});

test("a server without an address is lost", () => {
  const { yaml, lines } = nginx("proxy_pass web;");
  expect([yaml, lines("lost")]).toEqual([null, [3]]);
});

test("the port that a client came to is kept by a backend without a port", () => {
  const { config, lines } = nginx("listen 9000-9003;\nproxy_pass 10.0.0.1:$server_port;", "");
  expect(lines("lost")).toEqual([]);
  expect(lines("differs")).toEqual([4]);
  const [listener] = config.listeners;
  expect(listener.port).toBe("9000-9003");
  expect(config.pools[listener.pool]).toEqual({
    health_check: { type: "off" },
    backends: [{ host: "10.0.0.1" }],
  });
});
