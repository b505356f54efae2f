// Values in the wrong form, units and shapes; and files that are none of bal's.
import { BACKENDS as B, type Mistake, tellsOnce } from "../../support/mistakes.ts";

const mistakes: readonly Mistake[] = [
  [
    "leastconn",
    `method: leastconn\n${B}`,
    ["1:9", "method", "not-allowed", "did you mean `least_connections`?"],
  ],
  [
    "ip_hash",
    `method: ip_hash\n${B}`,
    ["1:9", "method", "not-allowed", "did you mean `source_hash`?"],
  ],
  [
    "log level warning",
    `log: {level: warning}\n${B}`,
    ["1:14", "log.level", "not-allowed", "did you mean `warn`?"],
  ],
  ["log: debug", `log: debug\n${B}`, ["1:6", "log", "wrong-type", "write `{level: debug}`"]],
  [
    "health_check: tcp",
    `health_check: tcp\n${B}`,
    ["1:15", "health_check", "wrong-type", "write `{type: tcp}`"],
  ],
  [
    "health_check: false",
    `health_check: false\n${B}`,
    ["1:15", "health_check", "wrong-type", 'write `{type: "off"}`'],
  ],
  [
    "admin: address",
    `admin: 127.0.0.1:9296\n${B}`,
    ["1:8", "admin", "wrong-type", "write `{listen: 127.0.0.1:9296}`"],
  ],
  [
    "interval at top",
    `interval: 5s\n${B}`,
    ["1:1", "interval", "unknown-key", "write `health_check: {interval: 5s}`"],
  ],
  [
    "level at top",
    `level: debug\n${B}`,
    ["1:1", "level", "unknown-key", "write `log: {level: debug}`"],
  ],
  [
    "max_connections at top",
    `max_connections: 1000\n${B}`,
    ["1:1", "max_connections", "unknown-key", "write `limits: {max_connections: 1000}`"],
  ],
  [
    "timeout at top",
    `timeout: 5s\n${B}`,
    ["1:1", "timeout", "unknown-key", "write `timeouts: {idle: 5s}`"],
  ],
  [
    "health_check in backend",
    "backends:\n  - {host: 10.0.0.1, port: 443, health_check: {type: tcp}}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:33", "backends[0].health_check", "unknown-key", "write `health_check` beside `backends`"],
  ],
  [
    "method in listener",
    "listeners:\n  - {name: edge, port: 443, pool: web, method: random}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:40", "listeners[0].method", "unknown-key", "it belongs under `pools`"],
  ],
  [
    "sni in listener",
    "listeners:\n  - {name: edge, port: 443, pool: web, sni: [a.example]}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:40", "listeners[0].sni", "unknown-key", "it belongs under `routes`"],
  ],
  [
    "64MB",
    `limits: {max_buffered: 64MB}\n${B}`,
    ["1:24", "limits.max_buffered", "wrong-type", "write `64MiB`"],
  ],
  [
    "64M",
    `limits: {max_buffered: 64M}\n${B}`,
    ["1:24", "limits.max_buffered", "wrong-type", "write `64MiB`"],
  ],
  [
    "5 minutes",
    `timeouts: {idle: 5 minutes}\n${B}`,
    ["1:18", "timeouts.idle", "wrong-type", "write `5m`"],
  ],
  [
    "30sec",
    `timeouts: {shutdown: 30sec}\n${B}`,
    ["1:22", "timeouts.shutdown", "wrong-type", "write `30s`"],
  ],
  ["2S", `timeouts: {connect: 2S}\n${B}`, ["1:21", "timeouts.connect", "wrong-type", "write `2s`"]],
  [
    "1h30m",
    `timeouts: {idle: 1h30m}\n${B}`,
    ["1:18", "timeouts.idle", "wrong-type", "write `90m`"],
  ],
  [
    "no unit",
    `timeouts: {idle: 60}\n${B}`,
    ["1:18", "timeouts.idle", "wrong-type", "add the unit: 60s or 60ms"],
  ],
  [
    "infinite",
    `timeouts: {idle: infinite}\n${B}`,
    ["1:18", "timeouts.idle", "wrong-type", "write `0`"],
  ],
  [
    "rate without unit",
    "listeners:\n  - {name: edge, port: 443, pool: web, limits: {rate: 100}}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:55", "listeners[0].limits.rate", "wrong-type", "add the unit: 100/s"],
  ],
  [
    "rate in rps",
    "listeners:\n  - {name: edge, port: 443, pool: web, limits: {rate: 100rps}}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:55", "listeners[0].limits.rate", "wrong-type", "write `100/s`"],
  ],
  ["yes", `watch: yes\n${B}`, ["1:8", "watch", "wrong-type", "write `true`"]],
  [
    "port in quotes",
    `port: "9295"\n${B}`,
    ["1:7", "port", "wrong-type", "write it without quotes: 9295"],
  ],
  [
    "port with address",
    `port: 0.0.0.0:9295\n${B}`,
    ["1:7", "port", "wrong-type", "write `bind_address: 0.0.0.0, port: 9295`"],
  ],
  [
    "ports as list",
    `port: [80, 443]\n${B}`,
    ["1:7", "port", "wrong-type", "write a listener for each, or a range such as 9000-9010"],
  ],
  [
    "host with port",
    "backends:\n  - {host: 10.0.0.1:443, port: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:12", "backends[0].host", "bad-address", "split it: host: 10.0.0.1, port: 443"],
  ],
  [
    "host as URL",
    "backends:\n  - {host: https://a.example, port: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    [
      "2:12",
      "backends[0].host",
      "bad-address",
      "write only the host, without scheme and path: a.example",
    ],
  ],
  [
    "allow: all",
    "listeners:\n  - {name: edge, port: 443, pool: web, allow: all}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:47", "listeners[0].allow", "wrong-type", "write `[0.0.0.0/0]`"],
  ],
  [
    "allow with star",
    "listeners:\n  - {name: edge, port: 443, pool: web, allow: [10.0.0.*]}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:48", "listeners[0].allow[0]", "bad-address", "write `10.0.0.0/24`"],
  ],
  [
    "allow with netmask",
    "listeners:\n  - {name: edge, port: 443, pool: web, allow: [10.0.0.0/255.0.0.0]}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:48", "listeners[0].allow[0]", "bad-address", "write `10.0.0.0/8`"],
  ],
  [
    "sni as text",
    "listeners:\n  - {name: edge, port: 443, routes: [{sni: a.example, pool: web}]}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:44", "listeners[0].routes[0].sni", "wrong-type", "write `[a.example]`"],
  ],
  [
    "backends as map",
    "backends:\n  web1: {host: 10.0.0.1, port: 443}\n",
    ["2:3", "backends", "wrong-type", "write a list: `- {name: web1, host: 10.0.0.1, port: 443}`"],
  ],
  [
    "one backend without dash",
    "backends:\n  host: 10.0.0.1\n  port: 443\n",
    ["2:3", "backends", "wrong-type", "write a list: a dash before its first key, `- host: …`"],
  ],
  [
    "backends as one text",
    "backends: 10.0.0.1:443\n",
    ["1:11", "backends", "wrong-type", "write a list: `- {host: 10.0.0.1, port: 443}`"],
  ],
  [
    "pools as list",
    "listeners:\n  - {name: edge, port: 443, pool: web}\npools:\n  - name: web\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["4:3", "pools", "wrong-type", "write each name as a key, without a dash: `web: {…}`"],
  ],
  [
    "listeners as map",
    "listeners:\n  edge: {port: 443, pool: web}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:3", "listeners", "wrong-type", "write a list: `- {name: edge, port: 443, pool: web}`"],
  ],
  [
    "empty port",
    `port:\n${B}`,
    ["1:6", "port", "wrong-type", "write a value, or leave the key out"],
  ],
  [
    "pool that is not there",
    "listeners:\n  - {name: edge, port: 443, pool: wbe}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:35", "listeners[0].pool", "unknown-pool", "did you mean `web`?"],
  ],
  [
    "both forms",
    "port: 9295\nlisteners:\n  - {name: edge, port: 443, pool: web}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["1:7", "port", "mixed-forms", "move it into `listeners`"],
  ],
  [
    "bad escape",
    `health_check: {type: exchange, send: "PING\\q"}\n${B}`,
    [
      "1:43",
      "",
      "bad-escape",
      "write `\\\\q`, or use single quotes, in which a backslash is only a backslash",
    ],
  ],
  [
    "haproxy.cfg",
    "frontend edge\n    mode tcp\n    bind :443\n    default_backend web\nbackend web\n    balance leastconn\n    server a 10.0.0.1:443 check\n",
    ["1:1", "", "foreign-config", "`bal import config.yaml` prints an equivalent config of bal"],
  ],
  [
    "nginx.conf",
    "stream {\n  upstream web {\n    server 10.0.0.1:443;\n  }\n  server { listen 443; proxy_pass web; }\n}\n",
    ["1:1", "", "foreign-config", "`bal import config.yaml` prints an equivalent config of bal"],
  ],
  [
    "traefik",
    "tcp:\n  routers:\n    r1:\n      rule: x\n      service: s1\n  services:\n    s1:\n      loadBalancer:\n        servers:\n          - address: 10.0.0.1:443\n",
    ["1:1", "", "foreign-config", "docs/migrating.md lists the keys of Traefik"],
  ],
  ["second document", `port: 9295\n${B}---\nport: 9296\n`, ["5:1", "", "multiple-docs"]],
  ["duplicate key", `port: 9295\nport: 9296\n${B}`, ["2:1", "port", "duplicate-key"]],
  [
    "a list",
    "- host: 10.0.0.1\n  port: 443\n",
    ["1:1", "", "wrong-type", "write the list's key above it, such as `backends:`"],
  ],
  [
    "list then key",
    "- {host: 10.0.0.1, port: 443}\nport: 9295\n",
    ["2:1", "", "unexpected-token", "write the list's key above it, such as `backends:`"],
  ],
  [
    "json trailing",
    '{"port": 9295, "backends": [{"host": "10.0.0.1", "port": 443}]\n',
    ["1:1", "", "unclosed-bracket", "write `}` after its last value"],
  ],
  ["one word", "port:9295", ["1:1", "", "wrong-type", "write `port: 9295`"]],
  ["semicolon", `port: 9295;\n${B}`, ["1:7", "port", "wrong-type", "write `9295`"]],
  [
    "nginx value",
    "listeners:\n  - {name: edge, port: 443, pool: web}\npools:\n  web:\n    method: least_conn;\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["5:13", "pools.web.method", "not-allowed", "did you mean `least_connections`?"],
  ],
];

tellsOnce(mistakes);
