import { describe, expect, test } from "bun:test";
import { haproxy, imported, SERVERS } from "../../support/imports.ts";

function pool(back: string, servers = SERVERS) {
  const found = imported(haproxy({ back, servers }));
  return { ...found, pool: found.config.pools.web };
}

test("a frontend is a listener, a backend a pool, and each line of the result names where it is from", () => {
  const { config, yaml, notes } = imported(haproxy({}));
  expect(config.listeners).toEqual([{ name: "edge", port: 4000, pool: "web" }]);
  expect(config.pools.web.backends).toEqual([
    { name: "a", host: "10.0.0.1", port: 80 },
    { name: "b", host: "10.0.0.2", port: 80 },
  ]);
  expect(config.timeouts).toMatchObject({ connect: "5s", idle: "1m", half_closed: "1m" });
  expect(yaml).toContain("{name: b, host: 10.0.0.2, port: 80}  # line 13");
  expect(notes).toEqual([]);
});

describe("addresses of bind", () => {
  test.each([
    ["*:443", { port: 443 }],
    ["0.0.0.0:443", { port: 443 }],
    ["10.0.0.9:443", { bind_address: "10.0.0.9", port: 443 }],
    [":::443 v4v6", { bind_address: "::", port: 443 }],
    ["[::1]:443", { bind_address: "::1", port: 443 }],
    ["ipv6@:443", { bind_address: "::", port: 443 }],
    ["localhost:443", { bind_address: "127.0.0.1", port: 443 }],
    ["*:9000-9010", { port: "9000-9010" }],
    ["/run/edge.sock mode 660", { unix: "/run/edge.sock", mode: "0660" }],
    ["unix@/run/edge.sock", { unix: "/run/edge.sock" }],
    ["abns@edge", { unix: "@edge" }],
    ["*:443 tfo defer-accept", { port: 443, tcp_fast_open: true, defer_accept: true }],
    ['"$SET:443"', { bind_address: "10.9.9.9", port: 443 }],
  ])("%s", (bind, keys) => {
    const { config } = imported(`listen x\n  bind ${bind}\n  server a 10.0.0.1:80\n`);
    expect(config.listeners).toEqual([{ name: "x", ...keys, pool: "x", timeouts: undefined }]);
  });

  test("of both families are one dual-stack listener", () => {
    const { config } = imported("listen x\n  bind *:1\n  bind :::1\n  server a 10.0.0.1:80\n");
    expect(config.listeners).toMatchObject([{ bind_address: "::", port: 1 }]);
  });

  test("that are several are as many listeners", () => {
    const { config } = imported("listen x\n  bind *:1,*:2\n  server a 10.0.0.1:80\n");
    expect(config.listeners).toMatchObject([
      { name: "x", port: 1 },
      { name: "x-2", port: 2 },
    ]);
  });

  test("with accept-proxy trust everybody, as there", () => {
    const { config, lines } = imported(
      "listen x\n  bind *:1 accept-proxy\n  server a 10.0.0.1:80\n",
    );
    expect(config.listeners[0].proxy_protocol).toEqual({ trusted: ["0.0.0.0/0", "::/0"] });
    expect(lines("differs")).toEqual([2]);
  });

  test("that end TLS are lost", () => {
    const { lines } = imported("listen x\n  bind *:1 ssl crt /x.pem\n  server a 10.0.0.1:80\n");
    expect(lines("lost")).toEqual([2]);
  });
});

describe("servers", () => {
  test.each([
    ["10.0.0.1:80 weight 3", { host: "10.0.0.1", port: 80, weight: 3 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["/run/a.sock", { unix: "/run/a.sock" }],
    ["unix@/run/a.sock", { unix: "/run/a.sock" }],
    ["db.internal:5432", { host: "db.internal", port: 5432 }],
    ["10.0.0.1", { host: "10.0.0.1" }],
    ["10.0.0.1:80 disabled", { host: "10.0.0.1", port: 80, drain: true }],
    [
      "10.0.0.1:80 maxconn 7 maxqueue 9",
      { host: "10.0.0.1", port: 80, max_connections: 7, queue: { size: 9, timeout: "5s" } },
    ],
  ])("%s", (server, keys) => {
    expect(pool("", `server a ${server}`).pool.backends).toEqual([{ name: "a", ...keys }]);
  });

  test("take what they don't say from default-server, and can take it back", () => {
    const { pool: web } = pool(
      "default-server check inter 3s send-proxy-v2 weight 5",
      "server a 10.0.0.1:80\n  server b 10.0.0.2:80 no-send-proxy-v2 weight 1",
    );
    expect(web.health_check).toMatchObject({ interval: "3s" });
    expect(web.backends).toEqual([
      { name: "a", host: "10.0.0.1", port: 80, weight: 5, proxy_protocol: "v2" },
      { name: "b", host: "10.0.0.2", port: 80 },
    ]);
  });

  test("that send one PROXY header make it the pool's", () => {
    const { pool: web } = pool(
      "",
      "server a 10.0.0.1:80 send-proxy-v2 proxy-v2-options crc32c,unique-id",
    );
    expect(web.proxy_protocol).toEqual({ version: "v2", tlvs: ["crc32c", "unique_id"] });
  });

  test("say what becomes of sessions, and how slowly they start", () => {
    const { pool: web } = pool(
      "",
      "server a 10.0.0.1:80 check on-marked-down shutdown-sessions slowstart 30s",
    );
    expect(web).toMatchObject({ on_down: "close", slow_start: "30s" });
  });

  test("of a template are found by DNS", () => {
    const { pool: web } = pool("", "server-template a 4 app.internal:80 resolvers dns");
    expect(web.discover).toMatchObject({ dns: "app.internal", port: 80 });
    const srv = pool("", "server-template a 4 _pg._tcp.internal resolvers dns");
    expect(srv.pool.discover).toMatchObject({ srv: "_pg._tcp.internal" });
  });

  test("that bal can't have are lost, each by its line", () => {
    const { lines } = pool("", "server a 10.0.0.1:+100\n  server b 10.0.0.1:80 socks4 1.2.3.4:5");
    expect(lines("lost")).toEqual([12, 13]);
  });
});

describe("backups", () => {
  test("beside one server are backups", () => {
    const { pool: web } = pool("", "server a 10.0.0.1:80\n  server b 10.0.0.2:80 backup");
    expect(web.method).toBeUndefined();
    expect(web.backends[1]).toMatchObject({ backup: true });
  });

  test("that serve one after the other are in the order of `first`", () => {
    const { pool: web, lines } = pool(
      "",
      "server a 10.0.0.1:80\n  server b 10.0.0.2:80 backup\n  server c 10.0.0.3:80 backup",
    );
    expect(web.method).toBe("first");
    expect(web.backends.map((one: { backup?: boolean }) => one.backup)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(lines("differs")).toEqual([]);
  });

  test("beside several servers share the clients, which differs", () => {
    const servers = ["a", "b", "c backup", "d backup"].map((text, index) => {
      const [name, option = ""] = text.split(" ");
      return `server ${name} 10.0.0.${index + 1}:80 ${option}`;
    });
    expect(pool("", servers.join("\n  ")).lines("differs")).toEqual([14, 15]);
    expect(pool("option allbackups", servers.join("\n  ")).lines("differs")).toEqual([]);
  });

  test("that a rule names are in the pool that they stand in for", () => {
    const { config } = imported(
      haproxy({ front: "use_backend spare if { nbsrv(web) lt 1 }" }) +
        "backend spare\n  server s 10.0.0.9:80 check\n",
    );
    expect(Object.keys(config.pools)).toEqual(["web"]);
    expect(config.pools.web.backends[2]).toMatchObject({ name: "s", backup: true });
  });
});

describe("methods", () => {
  test.each([
    ["balance roundrobin", undefined],
    ["balance leastconn", "least_connections"],
    ["balance source", "source_hash"],
    ["balance hash src", "source_hash"],
    ["balance first", "first"],
    ["balance random(2)", "random"],
    ["stick-table type ip size 1m\n  stick on src", "source_hash"],
    ["stick-table type ip size 1\n  stick on dst", "first"],
  ])("%s", (line, method) => {
    const { pool: web, lines } = pool(line);
    expect(web.method).toBe(method);
    expect(lines("lost")).toEqual([]);
  });

  test("that hash something else are lost", () => {
    expect(pool("balance url_param id").lines("lost")).toEqual([11]);
    expect(pool("stick-table type string\n  stick on req.payload(0,4)").lines("lost")).toEqual([
      12,
    ]);
  });
});

describe("times", () => {
  test("of a silence are the shorter of both sides, or the tunnel's", () => {
    const text = haproxy({ back: "timeout server 30s" });
    expect(imported(text).config.timeouts).toMatchObject({ idle: "30s" });
    const tunnel = haproxy({ back: "timeout tunnel 2h" });
    expect(imported(tunnel).config.timeouts).toMatchObject({ idle: "2h", half_closed: "2h" });
  });

  test("without a unit are milliseconds", () => {
    expect(imported(haproxy({ back: "timeout connect 2500" })).config.timeouts).toMatchObject({
      connect: "2500ms",
    });
  });

  test("that nobody says are none", () => {
    const { config } = imported("listen x\n  bind *:1\n  server a 10.0.0.1:80\n");
    expect(config.timeouts).toEqual({ idle: 0 });
  });

  test("of named defaults hold where they are named", () => {
    const { config } = imported(`defaults slow
  timeout client 1h
defaults fast
  timeout client 1m
frontend a from slow
  bind *:1
  default_backend x
frontend b from fast
  bind *:2
  default_backend x
backend x from fast
  server s 10.0.0.1:80
`);
    expect(config.listeners.map((one: { timeouts: unknown }) => one.timeouts)).toMatchObject([
      { idle: "1h" },
      { idle: "1m" },
    ]);
  });
});

describe("checks", () => {
  const check = (back: string, servers = "server a 10.0.0.1:80 check") =>
    pool(back, servers).pool.health_check;

  test("without `check` are off", () => {
    expect(check("option httpchk", "server a 10.0.0.1:80")).toEqual({ type: "off" });
  });

  test("have HAProxy's times", () => {
    const usual = { interval: "2s", timeout: "2s", fast_interval: "2s", rise: 2, fall: 3 };
    expect(check("")).toEqual(usual);
    expect(
      check("timeout check 5s", "server a 10.0.0.1:80 check inter 10s fastinter 1s rise 3 fall 4"),
    ).toEqual({ interval: "10s", timeout: "5s", fast_interval: "1s", rise: 3, fall: 4 });
  });

  test.each([
    ["option httpchk GET /ready", { type: "http", path: "/ready" }],
    ["option httpchk GET / HTTP/1.1\\r\\nHost:\\ a.example", { type: "http", host: "a.example" }],
    ["option httpchk\n  http-check send meth GET uri /ready", { type: "http", path: "/ready" }],
    [
      "option httpchk GET /\n  http-check expect status 200,204",
      { type: "http", expect: "200, 204" },
    ],
    ["option httpchk GET /\n  http-check expect rstatus ^2", { type: "http", expect: "200-299" }],
    ["option httpchk GET /\n  http-check expect ! rstatus ^5", { type: "http", expect: "100-499" }],
    ["option ssl-hello-chk", { type: "tls" }],
    ["option redis-check", { type: "exchange", send: "PING\r\n", expect: "+PONG" }],
    ["option pgsql-check user bal", { type: "exchange", expect: "R" }],
    ["option tcp-check\n  tcp-check connect", {}],
  ])("%s", (back, keys) => {
    expect(check(back)).toMatchObject(keys);
  });

  test("of a conversation have a step for each line", () => {
    const lines = [
      "send PING\\r\\n",
      "expect string +PONG",
      "send-binary 00ff",
      "expect binary 41",
    ];
    const back = `option tcp-check\n  ${lines.map((line) => `tcp-check ${line}`).join("\n  ")}`;
    expect(check(back)).toMatchObject({
      type: "exchange",
      steps: [{ send: "PING\r\n" }, { contains: "+PONG" }, { send: "hex:00ff" }, { contains: "A" }],
    });
  });

  test("of a backend and of its agent are made together", () => {
    const servers = "server a 10.0.0.1:80 check agent-check agent-port 99 agent-inter 1s";
    expect(check("option redis-check", servers)).toMatchObject([
      { type: "exchange", expect: "+PONG", interval: "1s", rise: 1, fall: 1 },
      { type: "exchange", port: 99, expect: "up" },
    ]);
  });

  test("at another port ask there", () => {
    expect(check("", "server a 10.0.0.1:80 check port 8008")).toMatchObject({ port: 8008 });
  });

  test("by HTTP over TLS are https, with what they ask for", () => {
    const back = "option httpchk\n  http-check send meth HEAD uri /livez hdr X-Probe bal";
    const servers = "server a 10.0.0.1:443 check check-ssl verify required ca-file /ca.pem";
    expect(check(back, servers)).toMatchObject({
      ...{ type: "https", method: "HEAD", path: "/livez", headers: { "X-Probe": "bal" } },
      ...{ verify: true, ca: "/ca.pem" },
    });
  });

  test("by TLS are handshakes", () => {
    expect(
      check("", "server a 10.0.0.1:443 check check-ssl verify none check-sni a.example"),
    ).toMatchObject({ type: "tls", server_name: "a.example" });
  });
});

describe("a file", () => {
  test("of one backend alone has a listener at its port, which is a guess", () => {
    const { config, lines } = imported("backend db\n  server a 10.0.0.1:5432 check\n");
    expect(config.listeners).toEqual([{ name: "db", port: 5432, pool: "db" }]);
    expect(lines("differs")).toEqual([1]);
  });

  test("with nothing to serve is no config", () => {
    expect(imported("global\n  daemon\ndefaults\n  mode tcp\n").yaml).toBeNull();
    expect(imported("frontend a\n  bind *:1\n  default_backend gone\n").yaml).toBeNull();
  });

  test("says of every word that it does not know that it is lost", () => {
    const { lines } = imported(haproxy({ front: "wonder on", back: "marvel 3" }));
    expect(lines("lost")).toEqual([8, 11]);
  });

  test("of a stats page says what takes its place", () => {
    const { config, lines } = imported(
      `${haproxy({})}listen stats\n  mode http\n  bind *:9000\n  stats enable\n  stats uri /\n`,
    );
    expect(config.listeners).toHaveLength(1);
    expect(lines("lost")).toEqual([]);
    expect(lines("differs")).toEqual([17, 18]);
  });

  test("that leads to nowhere in its names, quotes and numbers does not throw", () => {
    const odd = [
      "frontend f\n bind\n default_backend\n server x\nbackend\n server\n server a\n server b :\n",
      'listen x\n bind "\n server a "10.0.0.1:1\n acl\n use_backend if\n tcp-request\n',
      "listen x\n bind *:1\n server a 10.0.0.1:1 weight\n stick\n stick on\n timeout\n option\n",
      "listen x\n bind *:99999\n server a 10.0.0.1:0 check port x inter y\n option httpchk a b c d\n",
      "listen x\n bind *:1\n server a 10.0.0.1:1 check\n option tcp-check\n tcp-check\n tcp-check expect\n tcp-check send\n",
      "listen a,b;\n bind *:1\n server ä:ö 10.0.0.1:1 check maxconn 99999999999\n",
    ];
    for (const text of odd) imported(text);
  });
});
