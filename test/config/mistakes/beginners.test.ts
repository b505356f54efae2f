// The mistakes of people who write their first config: by habits from other programs, and by guesses.
import { describe, expect, test } from "bun:test";
import { errorsOf, parse } from "../../support/findings.ts";
import { BACKENDS as B, type Mistake, tellsOnce } from "../../support/mistakes.ts";

const listener = (keys: string) =>
  `listeners:\n  - {name: web, port: 443, ${keys}}\npools:\n  web: {backends: [{host: a, port: 1}, {host: b, port: 1}]}\n`;
const routed = (routes: string) => listener(`routes: ${routes}`);

const mistakes: readonly Mistake[] = [
  [
    "ports of a container",
    `port: 80:8080\n${B}`,
    ["1:7", "port", "wrong-type", "write `port: 80`"],
  ],
  ["the name of a port", `port: https\n${B}`, ["1:7", "port", "wrong-type", "write `443`"]],
  [
    "backends in one text",
    "backends: 10.0.0.1:443, 10.0.0.2:443\n",
    [
      ...(["1:11", "backends", "wrong-type"] as const),
      "write `[{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]`",
    ],
  ],
  [
    "backends without dashes",
    "backends:\n  10.0.0.1:443\n  10.0.0.2:443\n",
    ["2:3", "backends", "wrong-type", "{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}"],
  ],
  [
    "a pool that is a list",
    "listeners: [{name: l, port: 1, pool: web}]\npools:\n  web:\n    - {host: a, port: 1}\n",
    ["4:5", "pools.web", "wrong-type", "write the list's key above it: `backends:`"],
  ],
  [
    "backends in a listener",
    "listeners:\n  - {name: l, port: 1, backends: [{host: a, port: 1}]}\npools: {web: {backends: [{host: a, port: 1}]}}\n",
    [
      "2:24",
      "listeners[0].backends",
      "unknown-key",
      "under `pools`, in a pool that this listener names",
    ],
  ],
  ["UDP", `protocol: udp\n${B}`, ["1:1", "protocol", "unknown-key", "bal balances TCP"]],
  [
    "enabled",
    `health_check: {enabled: true}\n${B}`,
    ["1:16", "health_check.enabled", "unknown-key", "leave it out"],
  ],
  [
    "the URL of a check",
    `health_check: {type: http, url: "http://10.0.0.1:8080/health"}\n${B}`,
    ["1:28", "health_check.url", "unknown-key", "write `path: /health`"],
  ],
  [
    "a path without its slash",
    `health_check: {type: http, path: health}\n${B}`,
    ["1:34", "health_check.path", "out-of-range", "write `/health`"],
  ],
  [
    "a status of other words",
    `health_check: {type: http, expected_status: 200}\n${B}`,
    ["1:28", "health_check.expected_status", "unknown-key", "write `expect: 200`"],
  ],
  [
    "a type that is a key",
    `health_check: {http: {path: /}}\n${B}`,
    ["1:16", "health_check.http", "unknown-key", "write `type: http`"],
  ],
  ["one time for all", `timeouts: 30s\n${B}`, ["1:11", "timeouts", "wrong-type", "{idle: 30s}"]],
  [
    "reads and writes",
    `timeouts: {read: 10s}\n${B}`,
    ["1:12", "timeouts.read", "unknown-key", "write `idle: 10s`"],
  ],
  [
    "a method in a map",
    `method: {type: least_connections}\n${B}`,
    ["1:9", "method", "wrong-type", "without a map: `least_connections`"],
  ],
  ["a sticky method", `method: sticky\n${B}`, ["1:9", "method", "not-allowed", "`source_hash`"]],
  [
    "a weight in percent",
    "backends: [{host: a, port: 1, weight: 70%}, {host: b, port: 1}]",
    ["1:39", "backends[0].weight", "wrong-type", "write `70`"],
  ],
  [
    "a weight that is a fraction",
    "backends: [{host: a, port: 1, weight: 0.7}, {host: b, port: 1}]",
    ["1:39", "backends[0].weight", "out-of-range", "a whole number"],
  ],
  [
    "localhost in a list",
    listener("pool: web, allow: [localhost]"),
    ["2:47", "listeners[0].allow[0]", "bad-address", "write `127.0.0.0/8`"],
  ],
  [
    "a route by path",
    routed("[{path: /api, pool: web}]"),
    ["2:38", "listeners[0].routes[0].path", "unknown-key", "bal does not read HTTP"],
  ],
  [
    "a default that is a pool",
    routed("[{default: web}]"),
    ["2:47", "listeners[0].routes[0].default", "wrong-type"],
  ],
  [
    "routes by name as a map",
    routed("{a.example: web}"),
    ["2:36", "listeners[0].routes", "wrong-type", "`- {sni: [a.example], pool: web}`"],
  ],
  [
    "the end of a name",
    routed("[{sni: .example.com, pool: web}]"),
    ["2:43", "listeners[0].routes[0].sni", "wrong-type", 'write `["*.example.com"]`'],
  ],
  [
    "every name",
    routed('[{sni: "*", pool: web}]'),
    ["2:43", "listeners[0].routes[0].sni", "wrong-type", "{default: true, …}"],
  ],
  [
    "a pattern",
    routed("[{sni: [^www.*], pool: web}]"),
    ["2:44", "listeners[0].routes[0].sni[0]", "bad-address", "bal has no other patterns"],
  ],
  [
    "headers of anybody",
    listener("pool: web, proxy_protocol: true"),
    ["2:55", "listeners[0].proxy_protocol", "wrong-type", "{trusted: [10.0.0.0/8]}"],
  ],
  [
    "a version of headers that come in",
    listener("pool: web, proxy_protocol: v2"),
    ["2:55", "listeners[0].proxy_protocol", "wrong-type", "{trusted: [10.0.0.0/8]}"],
  ],
  [
    "the path of a log",
    `log: {path: /var/log/bal.log}\n${B}`,
    ["1:7", "log.path", "unknown-key", "write `file: /var/log/bal.log`"],
  ],
  ["a port for admin", `admin: 9296\n${B}`, ["1:8", "admin", "wrong-type", "127.0.0.1:9296"]],
  [
    "the port of admin",
    `admin: {port: 9296}\n${B}`,
    ["1:9", "admin.port", "unknown-key", "write `listen: 127.0.0.1:9296`"],
  ],
  ["no workers", `workers: 0\n${B}`, ["1:10", "workers", "out-of-range", "write `auto`"]],
  [
    "thousands",
    `limits: {max_connections: 10k}\n${B}`,
    ["1:27", "limits.max_connections", "wrong-type", "write `10000`"],
  ],
  [
    "a limit of listeners",
    `limits: {rate: 100/s}\n${B}`,
    ["1:10", "limits.rate", "unknown-key", "it belongs under `limits` of `listeners`"],
  ],
  [
    "a rate by the minute",
    listener("pool: web, limits: {rate: 10/min}"),
    ["2:54", "listeners[0].limits.rate", "wrong-type", "write `10/m`"],
  ],
  [
    "a name server",
    `resolver: 8.8.8.8\nbackends: [{host: a, port: 1}, {host: b, port: 1}]`,
    ["1:11", "resolver", "wrong-type", "{servers: [8.8.8.8]}"],
  ],
  [
    "a bracket that is closed by another",
    "backends:\n  - {host: 10.0.0.1, port: 443]\n",
    ["2:31", "", "unclosed-bracket", "write `}` instead"],
  ],
  [
    "JSON without a comma",
    '{"backends": [{"host": "a" "port": 443}]}',
    ["1:28", "", "missing-comma", 'a comma is missing before `"port"`'],
  ],
  [
    "a template of Helm",
    "port: 443\nbackends:\n{{- range .Values.b }}\n  - {host: {{ . }}, port: 443}\n{{- end }}\n",
    ["3:1", "", "not-filled-in", "bal does not expand templates"],
  ],
  [
    "lines of an environment",
    "PORT=443\nBACKENDS=10.0.0.1:443\n",
    ["1:1", "", "wrong-type", "write `PORT: 443`"],
  ],
  [
    "a listener's word beside backends",
    "listener: {port: 443}\nbackends:\n  - {host: a, port: 1}\n",
    ["1:1", "listener", "unknown-key", "write `listeners`"],
  ],
  [
    "a key without its value",
    "backends: [{host: a, port: 1}, {host: b, port: 1, backup}]",
    ["1:51", "backends[1].backup", "wrong-type", "write `true` or `false`"],
  ],
  [
    "an address with a port",
    `bind_address: 10.0.0.5:443\n${B}`,
    ["1:15", "bind_address", "bad-address", "write `bind_address: 10.0.0.5, port: 443`"],
  ],
  [
    "a certificate that is not checked",
    `health_check: {type: https, insecure_skip_verify: true}\n${B}`,
    ["1:29", "health_check.insecure_skip_verify", "unknown-key", "leave it out"],
  ],
  [
    "a check of a protocol",
    `health_check: {type: redis}\n${B}`,
    ["1:22", "health_check.type", "not-allowed", "`exchange`"],
  ],
  [
    "no limit",
    listener("pool: web, limits: {max_connections: unlimited}"),
    ["2:65", "listeners[0].limits.max_connections", "wrong-type", "write `0`"],
  ],
  [
    "a rule of Traefik",
    routed('[{match: "HostSNI(`a.example`)", pool: web}]'),
    ["2:38", "listeners[0].routes[0].match", "unknown-key", "write `sni: [a.example]`"],
  ],
  [
    "a name with a port",
    routed("[{sni: [a.example:443], pool: web}]"),
    ["2:44", "listeners[0].routes[0].sni[0]", "bad-address", "write `a.example`"],
  ],
  [
    "several pools",
    listener("pools: [web]"),
    ["2:28", "listeners[0].pools", "unknown-key", "bal calls it `pool`"],
  ],
  [
    "no comma between lines",
    "backends: [\n  {host: a, port: 1}\n  {host: b, port: 1}\n]\n",
    ["2:20", "", "missing-comma", "write `},`"],
  ],
  ["a comment of other languages", `// all\n${B}`, ["1:1", "", "unexpected-token", "write `#`"]],
  ["a comment behind a value", `port: 443 // https\n${B}`, ["1:7", "port", "wrong-type", "`443`"]],
  [
    "discovery by other means",
    "listeners: [{name: l, port: 1, pool: web}]\npools: {web: {discover: {consul: app}}}\n",
    ["2:26", "pools.web.discover.consul", "unknown-key"],
  ],
  ["every address", `bind: *:443\n${B}`, ["1:1", "bind", "unknown-key", "write `port: 443`"]],
];

tellsOnce(mistakes);

describe("a file of another kind is recognised", () => {
  test.each([
    ["Envoy", "static_resources:\n  listeners: []\n"],
    ["gobetween", '[servers.a]\nbind = "0.0.0.0:80"\n'],
    [
      "Caddy",
      "{\n  layer4 {\n    :443 {\n      route {\n        proxy 10.0.0.1:443\n      }\n    }\n  }\n}\n",
    ],
    ["keepalived", "virtual_server 10.0.0.9 443 {\n  lb_algo rr\n}\n"],
    ["Docker Compose", 'services:\n  web:\n    image: nginx\n    ports: ["80:80"]\n'],
    ["Kubernetes", "apiVersion: v1\nkind: Service\nspec: {}\n---\napiVersion: v1\nkind: Pod\n"],
    ["TOML", 'port = 443\n[[backends]]\nhost = "a"\n'],
  ])("%s", (name, text) => {
    const [found, ...others] = errorsOf(parse(text));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ line: 1, column: 1, code: "foreign-config" });
    expect(found?.message).toContain(name);
  });
});

test("a secret under another word is in no hint", () => {
  const [found] = errorsOf(parse(`admin: {password: s3cret}\n${B}`));
  expect(found?.hint).toBe("write `token`");
});
