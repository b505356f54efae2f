// Rules of HAProxy whose names or pools have no counterpart: none is left out without a word.
import { expect, test } from "bun:test";
import { imported } from "../../support/imports.ts";

const two = (front: string, backends: string) =>
  imported(`frontend edge
  bind :4000
  ${front}
  default_backend web
backend web
  server a 10.0.0.1:80
${backends}`);

const API = "backend api\n  server a 10.0.0.2:80\n";

test.each([
  "use_backend api if { req.ssl_sni -m beg api. }",
  "use_backend api if { req.ssl_sni -m sub api }",
  "use_backend api if { req.ssl_sni -m reg ^api[0-9]+\\.shop\\.example$ }",
  "use_backend api if { req.ssl_sni -m reg ^a\\.example$ ^b[0-9]\\.example$ }",
  "tcp-request content reject if { req.ssl_sni -m beg bad. }",
])("%s is lost: no route can list its names", (rule) => {
  expect(two(rule, API).lines("lost")).toEqual([3]);
});

test("a map by regular expressions is lost where they list no names", () => {
  const rule = "use_backend %[req.ssl_sni,lower,map_reg(names.map)]";
  const file = `frontend edge\n  bind :4000\n  ${rule}\n  default_backend api\n${API}`;
  const rows = (...lines: string[]) => imported(file, { "names.map": lines.join("\n") });
  expect(rows("^api[0-9]+\\.shop\\.example$ api").lines("lost")).toEqual([3]);
  expect(rows("^a\\.example$ api").lines("lost")).toEqual([]);
});

test("a pattern of every name is carried", () => {
  const { config, lines } = two("use_backend api if { req.ssl_sni -m reg .* }", API);
  expect(lines("lost")).toEqual([]);
  expect(config.listeners[0].routes[0]).toEqual({ default: true, pool: "api" });
});

test("clients of a backend that refuses them all are refused, and go to no other pool", () => {
  const rule = "use_backend secret if { req.ssl_sni secret.example }";
  const secret = "backend secret\n  tcp-request content reject\n  server a 10.0.0.3:80\n";
  const { config, lines } = two(rule, secret);
  expect(lines("lost")).toEqual([]);
  expect(config.listeners[0].routes[0]).toEqual({ sni: ["secret.example"], refuse: true });
  expect(Object.keys(config.pools)).toEqual(["web"]);
});

test("clients of a backend that has no server are refused, which is lost", () => {
  const rule = "use_backend empty if { req.ssl_sni a.example }";
  const { config, lines } = two(rule, "backend empty\n  mode tcp\n");
  expect(lines("lost")).toEqual([3]);
  expect(config.listeners[0].routes[0]).toEqual({ sni: ["a.example"], refuse: true });
});

test("a backend that waits for what clients say, and lets them in, loses nothing", () => {
  const rule = "use_backend api if { req.ssl_sni a.example }";
  const waits =
    "  acl hello req_ssl_hello_type 1\n  tcp-request inspect-delay 5s\n  tcp-request content accept if hello\n";
  expect(two(rule, API + waits).lines("lost")).toEqual([]);
});

test("the times of HAProxy 1.x are read", () => {
  const old = "defaults\n  contimeout 3000\n  clitimeout 60000\n  srvtimeout 60000\n";
  const { config, lines } = imported(
    `${old}listen l\n  bind :1\n  server a 10.0.0.1:1\n  server b 10.0.0.2:1\n`,
  );
  expect(lines("lost")).toEqual([]);
  expect(config.timeouts).toMatchObject({ connect: "3s", idle: "1m" });
});
