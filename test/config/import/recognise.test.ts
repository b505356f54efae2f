import { describe, expect, test } from "bun:test";
import { recogniseForeignConfig } from "../../../src/config/import/recognise.ts";
import { template } from "../../../src/config/template.ts";

const texts = [
  [
    "haproxy",
    "a frontend and a backend",
    "frontend edge\n    mode tcp\n    bind :443\n    default_backend web\nbackend web\n    server a 10.0.0.1:443 check\n",
  ],
  ["haproxy", "a backend alone", "backend web\n  server a 10.0.0.1:443\n"],
  [
    "haproxy",
    "a file with comments and CRLF",
    "# mine\r\nglobal # all\r\n  daemon\r\nlisten x\r\n  bind *:1\r\n",
  ],
  ["haproxy", "named defaults", "defaults tcp from base\n  timeout client 5s\n"],
  ["nginx", "a stream block", "stream {\n  server { listen 443; proxy_pass 10.0.0.1:443; }\n}\n"],
  ["nginx", "an upstream alone", "upstream web {\n  server 10.0.0.1:443;\n}\n"],
  ["nginx", "a brace on a line of its own", "server\n{\n  listen 443;\n  proxy_pass web;\n}\n"],
  ["nginx", "lines of an included file", "proxy_pass 10.0.0.1:443;\n"],
  ["traefik", "a custom resource", "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\n"],
  ["traefik", "a static file", "entryPoints:\n  web:\n    address: ':80'\n"],
  ["traefik", "TOML", '[tcp.routers.a]\n  rule = "HostSNI(`*`)"\n'],
] as const;

describe("a config of another program", () => {
  test.each(texts)("is recognised as %s: %s", (kind, _, text) => {
    expect(recogniseForeignConfig(text)).toBe(kind);
  });
});

const own = [
  ["the template", template],
  ["nothing", ""],
  ["the simple form", "port: 443\nbackends:\n  - {host: 10.0.0.1, port: 443}\n"],
  [
    "the full form with words of others",
    "listeners:\n  - {name: server, port: 80, pool: stream}\npools:\n  stream: {backends: [{host: a, port: 1}]}\n",
  ],
  ["a broken one", "listeners\n  - name: a\n    port 443\n"],
  ["words of HAProxy with colons", "frontend edge:\n  bind: ':443'\n  server: a\n"],
  ["flow maps", "server: {listen: 443, proxy_pass: web}\nupstream: {server: [a]}\n"],
  ["a text", "We keep a backend list of each server in the wiki.\n"],
] as const;

describe("what is no other program's config", () => {
  test.each(own)("is not recognised: %s", (_, text) => {
    expect(recogniseForeignConfig(text)).toBeNull();
  });
});
