// Keys with typing errors, in the wrong place, or of other programs.
import { BACKENDS as B, type Mistake, tellsOnce } from "../../support/mistakes.ts";

const mistakes: readonly Mistake[] = [
  [
    "key typo",
    "port: 9295\nbackends:\n  - {hots: 10.0.0.1, port: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["3:6", "backends[0].hots", "unknown-key", "did you mean `host`?"],
  ],
  [
    "port typo",
    "backends:\n  - {host: 10.0.0.1, prot: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:22", "backends[0].prot", "unknown-key", "did you mean `port`?"],
  ],
  [
    "backends typo",
    "port: 9295\nbakends:\n  - {host: 10.0.0.1, port: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:1", "bakends", "unknown-key", "did you mean `backends`?"],
  ],
  [
    "kebab case",
    `bind-address: 127.0.0.1\n${B}`,
    ["1:1", "bind-address", "unknown-key", "did you mean `bind_address`?"],
  ],
  [
    "camel case",
    "listeners:\n  - {name: edge, bindAddress: 10.0.0.9, port: 443, pool: web}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:18", "listeners[0].bindAddress", "unknown-key", "did you mean `bind_address`?"],
  ],
  [
    "unknown keys twice",
    "backends:\n  - {host: 10.0.0.1, port: 443, zone: a}\n  - {host: 10.0.0.2, port: 443, zone: b}\n",
    ["2:33", "backends[0].zone", "unknown-key"],
    ["3:33", "backends[1].zone", "unknown-key"],
  ],
  [
    "balance",
    `port: 9295\nbalance: leastconn\n${B}`,
    ["2:1", "balance", "unknown-key", "write `method: least_connections`"],
  ],
  [
    "server list",
    "port: 9295\nservers:\n  - {address: 10.0.0.1, port: 443}\n",
    ["2:1", "servers", "unknown-key", "write `backends`"],
  ],
  [
    "address with port",
    "backends:\n  - {address: 10.0.0.1:443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:6", "backends[0].address", "unknown-key", "write `host: 10.0.0.1, port: 443`"],
  ],
  ["listen of nginx", `listen: 443\n${B}`, ["1:1", "listen", "unknown-key", "write `port: 443`"]],
  ["bind of HAProxy", `bind: "*:443"\n${B}`, ["1:1", "bind", "unknown-key", "write `port: 443`"]],
  [
    "bind of a listener",
    "listeners:\n  - {name: edge, bind: 0.0.0.0:443, pool: web}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:18", "listeners[0].bind", "unknown-key", "write `bind_address: 0.0.0.0, port: 443`"],
  ],
  [
    "maxconn",
    "backends:\n  - {host: 10.0.0.1, port: 443, maxconn: 5}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:33", "backends[0].maxconn", "unknown-key", "write `max_connections: 5`"],
  ],
  [
    "check and inter",
    "backends:\n  - {host: 10.0.0.1, port: 443, check: true, inter: 2s}\n  - {host: 10.0.0.2, port: 443}\n",
    [
      "2:33",
      "backends[0].check",
      "unknown-key",
      "bal checks every backend: leave it out; `health_check`, beside `backends`, says how",
    ],
    [
      "2:46",
      "backends[0].inter",
      "unknown-key",
      "it belongs under `health_check`, and is called `interval`",
    ],
  ],
  [
    "send-proxy",
    "listeners:\n  - {name: edge, port: 443, pool: web}\npools:\n  web:\n    send-proxy: true\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["5:5", "pools.web.send-proxy", "unknown-key", "write `proxy_protocol: v2`"],
  ],
  [
    "timeout client",
    `timeouts: {client: 5m}\n${B}`,
    ["1:12", "timeouts.client", "unknown-key", "write `idle: 5m`"],
  ],
  [
    "upstream",
    "port: 443\nupstream: {servers: [10.0.0.1:443]}\n",
    ["2:1", "upstream", "unknown-key", "write `backends`"],
  ],
  [
    "proxy_pass",
    "listeners:\n  - {name: edge, port: 443, proxy_pass: web}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    ["2:29", "listeners[0].proxy_pass", "unknown-key", "write `pool: web`"],
  ],
  [
    "max_fails",
    "backends:\n  - {host: 10.0.0.1, port: 443, max_fails: 3}\n  - {host: 10.0.0.2, port: 443}\n",
    [
      "2:33",
      "backends[0].max_fails",
      "unknown-key",
      "it belongs under `health_check`, and is called `fall`",
    ],
  ],
  [
    "tls certificate",
    "listeners:\n  - {name: edge, port: 443, pool: web, tls: {cert: a.pem}}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    [
      "2:40",
      "listeners[0].tls",
      "unknown-key",
      "bal passes TLS through and holds no certificate: the backends do",
    ],
  ],
];

tellsOnce(mistakes);
