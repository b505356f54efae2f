import { describe, expect, test } from "bun:test";
import { haproxy, imported } from "../../support/imports.ts";

type Route = Readonly<Record<string, unknown>>;

function listener(front: string, files: Record<string, string> = {}) {
  const found = imported(haproxy({ front }), files);
  return { ...found, listener: found.config.listeners[0] };
}

describe("limits", () => {
  test("of the process wait in the kernel's queue", () => {
    const { config } = imported(`global\n  maxconn 500\n${haproxy({})}`);
    expect(config.limits).toEqual({ max_connections: 500, overload: "wait" });
  });

  test("of the only listener wait as well", () => {
    expect(listener("maxconn 300").config.limits).toEqual({
      max_connections: 300,
      overload: "wait",
    });
  });

  test("of several listeners are their own, which differs", () => {
    const { config, lines } = imported(
      `${haproxy({ front: "maxconn 300" })}listen y\n  bind *:2\n  maxconn 10\n  server a 10.0.0.1:1\n`,
    );
    expect(config.listeners[0].limits).toEqual({ max_connections: 300 });
    expect(lines("differs")).toEqual([8, 16]);
  });

  test("of one client come from counters", () => {
    const { listener: edge } = listener(
      "stick-table type ip size 1m store conn_cur,conn_rate(1s)\n  tcp-request connection track-sc0 src\n  tcp-request connection reject if { sc0_conn_cur gt 20 }\n  tcp-request connection reject if { sc_conn_rate(0) ge 30 }",
    );
    expect(edge.limits).toEqual({ per_client: 20, rate_per_client: "29/s" });
  });
});

test("rates count over the period of their table, wherever that is", () => {
  const front =
    "tcp-request connection track-sc0 src table counts\n  tcp-request connection reject if { sc0_conn_rate gt 30 }";
  const { config, lines } = imported(
    `${haproxy({ front })}backend counts\n  stick-table type ip size 1m store conn_rate(10s)\n`,
  );
  expect(config.listeners[0].limits).toEqual({ rate_per_client: "30/10s" });
  expect(lines("differs")).toEqual([]);
});

describe("lists of networks", () => {
  test.each([
    ["acl in src 10.0.0.0/8 192.0.2.1\n  tcp-request connection reject if !in", true],
    ["tcp-request connection reject unless { src 10.0.0.0/8 192.0.2.1 }", true],
    [
      "tcp-request connection accept if { src 10.0.0.0/8 192.0.2.1 }\n  tcp-request connection reject",
      true,
    ],
    ["tcp-request content reject if { src 10.0.0.0/8 192.0.2.1 }", false],
    ["tcp-request connection reject if { src -f list }", false],
  ])("%s", (front, isAllowed) => {
    const { listener: edge, lines } = listener(front, { list: "# ours\n10.0.0.0/8\n192.0.2.1\n" });
    const networks = ["10.0.0.0/8", "192.0.2.1/32"];
    expect([edge.allow, edge.deny]).toEqual(
      isAllowed ? [networks, undefined] : [undefined, networks],
    );
    expect(lines("lost")).toEqual([]);
  });

  test("whose file is not there are lost", () => {
    expect(listener("tcp-request connection reject if { src -f gone }").lines("lost")).toEqual([8]);
  });
});

describe("routes", () => {
  const POOLS = "backend one\n  server s 10.0.1.1:443\nbackend two\n  server s 10.0.2.1:443\n";
  const routed = (front: string, files: Record<string, string> = {}) => {
    const found = imported(haproxy({ front }) + POOLS, files);
    const all: Route[] = found.config.listeners[0].routes ?? [];
    return { ...found, routes: all.filter(({ tls }) => tls !== false) };
  };
  const LAST = { default: true, pool: "web" };

  test.each([
    ["use_backend one if { req.ssl_sni -i a.example b.example }", ["a.example", "b.example"]],
    [
      "acl x req_ssl_sni a.example\n  acl x req_ssl_sni b.example\n  use_backend one if x",
      ["a.example", "b.example"],
    ],
    ["use_backend one if { req.ssl_sni -m end .b.example }", ["*.b.example"]],
    ["use_backend one if { req.ssl_sni -m reg ^(a|b)\\.example$ }", ["a.example", "b.example"]],
    ["use_backend one if { req.ssl_sni,lower -m reg -i ^.+\\.b\\.example$ }", ["*.b.example"]],
    ["use_backend one if { req.ssl_hello_type 1 } { req.ssl_sni a.example }", ["a.example"]],
    ["use_backend %[req.ssl_sni,lower,map(names,web)]", ["a.example"]],
  ])("%s", (front, names) => {
    const { routes, lines } = routed(front, { names: "a.example one\n" });
    expect(routes).toEqual([{ sni: names, pool: "one" }, LAST]);
    expect(lines("lost")).toEqual([]);
  });

  test("say what the first rule that holds says, whatever the order", () => {
    const { routes } = routed(
      "use_backend one if { req.ssl_sni -m end .b.example }\n  use_backend two if { req.ssl_sni x.b.example }",
    );
    expect(routes).toEqual([{ sni: ["*.b.example", "x.b.example"], pool: "one" }, LAST]);
  });

  test("refuse names that a rule rejects", () => {
    const { routes } = routed("tcp-request content reject if { req.ssl_sni bad.example }");
    expect(routes).toEqual([{ sni: ["bad.example"], refuse: true }, LAST]);
  });

  test("have one for clients without TLS: where the rules send them", () => {
    const plain = (front: string) => {
      const { config } = routed(`use_backend one if { req.ssl_sni a.example }\n  ${front}`);
      return config.listeners[0].routes.find((route: Route) => route.tls === false);
    };
    expect(plain("")).toEqual({ tls: false, pool: "web" });
    expect(plain("use_backend two if !{ req.ssl_hello_type 1 }")).toEqual({
      tls: false,
      pool: "two",
    });
    expect(plain("tcp-request content reject if !{ req.ssl_hello_type 1 }")).toBeUndefined();
  });

  test("of protocols", () => {
    const { routes } = routed("use_backend one if { req.ssl_alpn acme-tls/1 }");
    expect(routes).toEqual([{ alpn: ["acme-tls/1"], pool: "one" }, LAST]);
  });

  test("by an address besides are lost", () => {
    const { lines } = routed(
      "use_backend one if { req.ssl_sni a.example }\n  use_backend two if { src 10.0.0.0/8 }",
    );
    expect(lines("lost")).toEqual([9]);
  });
});
