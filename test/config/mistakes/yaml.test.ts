// Mistakes of YAML in a first config.
import { BACKENDS as B, type Mistake, tellsOnce } from "../../support/mistakes.ts";

const mistakes: readonly Mistake[] = [
  [
    "backends as text",
    "port: 9295\nbackends:\n  - 10.0.0.1:443\n  - {host: 10.0.0.2, port: 443}\n",
    ["3:5", "backends[0]", "wrong-type", "write `{host: 10.0.0.1, port: 443}`"],
  ],
  [
    "backend as HAProxy server line",
    "port: 9295\nbackends:\n  - server web1 10.0.0.1:443 check weight 5\n  - {host: 10.0.0.2, port: 443}\n",
    [
      "3:5",
      "backends[0]",
      "wrong-type",
      "write `{name: web1, host: 10.0.0.1, port: 443, weight: 5}`",
    ],
  ],
  [
    "backend as URL",
    "port: 9295\nbackends:\n  - https://a.example:8443/\n  - {host: 10.0.0.2, port: 443}\n",
    ["3:5", "backends[0]", "wrong-type", "write `{host: a.example, port: 8443}`"],
  ],
  ["no space after colon", `port:9295\n${B}`, ["1:1", "", "missing-space", "write `port: 9295`"]],
  [
    "no space after colon in braces",
    "backends:\n  - {host:10.0.0.1, port:443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:6", "backends[0].host:10.0.0.1", "missing-space", "write `host: 10.0.0.1`"],
    ["2:21", "backends[0].port:443", "missing-space", "write `port: 443`"],
  ],
  [
    "no space after colon, last line",
    `${B}port:9295\n`,
    ["4:1", "", "missing-space", "write `port: 9295`"],
  ],
  ["equals sign", `port = 9295\n${B}`, ["1:1", "", "missing-colon", "write `port: 9295`"]],
  [
    "missing colon",
    "port: 9295\nbackends\n  - {host: 10.0.0.1, port: 443}\n",
    ["2:1", "", "missing-colon", "write `backends: …`"],
  ],
  [
    "no space after dash",
    "backends:\n  -host: 10.0.0.1\n   port: 443\n",
    ["2:3", "", "missing-space", "write `- host: 10.0.0.1`"],
  ],
  [
    "unclosed quote",
    'port: 9295\nbackends:\n  - {host: "10.0.0.1, port: 443}\n  - {host: "10.0.0.2", port: 443}\n',
    ["3:12", "", "unclosed-quote", 'close it: "10.0.0.1"'],
  ],
  [
    "unclosed quote in block",
    "backends:\n  - host: '10.0.0.1\n    port: 443\n",
    ["2:11", "", "unclosed-quote", "close it: '10.0.0.1'"],
  ],
  [
    "unclosed brace",
    "port: 9295\nbackends:\n  - {host: 10.0.0.1, port: 443\n  - {host: 10.0.0.2, port: 443}\n",
    ["3:5", "", "unclosed-bracket", "write `}` after its last value"],
  ],
  [
    "unclosed bracket",
    "backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}\nport: 9295\n",
    ["1:11", "", "unclosed-bracket", "write `]` after its last value"],
  ],
  [
    "brace for bracket",
    "backends: [{host: 10.0.0.1, port: 443]\nport: 9295\n",
    ["1:12", "", "unclosed-bracket", "write `}` after its last value"],
  ],
  [
    "one brace too many",
    "backends: [{host: 10.0.0.1, port: 443}}]\nport: 9295\n",
    ["1:39", "", "unclosed-bracket", "leave it out"],
  ],
  [
    "missing comma",
    "backends:\n  - {host: 10.0.0.1 port: 443}\n",
    ["2:20", "", "missing-comma", "write `10.0.0.1, port: …`"],
  ],
  [
    "comma at end",
    "backends:\n  - {host: 10.0.0.1, port: 443},\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:32", "", "unexpected-token", "leave it out"],
  ],
  [
    "indent less",
    "port: 9295\nbackends:\n  - host: 10.0.0.1\n   port: 443\n",
    ["4:4", "", "bad-indent", "indent it by 4 spaces to put it beside `host`"],
  ],
  [
    "indent more",
    `log:\n  level: info\n   format: json\n${B}`,
    ["3:4", "", "bad-indent", "indent it by 2 spaces to put it beside `level`"],
  ],
  [
    "first line indented",
    ` port: 9295\n${B}`,
    ["2:1", "", "bad-indent", "indent it by 1 space to put it beside `port`"],
  ],
  [
    "item indented",
    "backends:\n  - {host: 10.0.0.1, port: 443}\n - {host: 10.0.0.2, port: 443}\n",
    ["3:2", "", "bad-indent", "indent it by 2 spaces to put it beside `-`"],
  ],
  ["tab", `log:\n\tlevel: info\n${B}`, ["2:1", "", "tab-as-indent"]],
  [
    "two keys in a line",
    "backends:\n  - host: 10.0.0.1, port: 443\n",
    [
      "2:11",
      "",
      "second-colon",
      "write one key on each line, or all of them in braces: {host: 10.0.0.1, port: 443}",
    ],
  ],
  [
    "host: ip: port",
    "backends:\n  - host: 10.0.0.1: 443\n",
    ["2:11", "", "second-colon", "write `host: 10.0.0.1` and `port: 443`, each on its own line"],
  ],
  [
    ":: without quotes",
    `bind_address: ::\n${B}`,
    ["1:15", "", "second-colon", 'write the value in quotes: bind_address: "::"'],
  ],
  ["* without quotes", `bind_address: *\n${B}`, ["1:15", "", "needs-quotes", "0.0.0.0"]],
  [
    "*:9296",
    `admin:\n  listen: *:9296\n${B}`,
    ["2:11", "admin.listen", "unknown-alias", "write 127.0.0.1:9296 for this host only"],
  ],
  [
    "wildcard name without quotes",
    "listeners:\n  - {name: edge, port: 443, routes: [{sni: [*.a.example], pool: web}]}\npools:\n  web:\n    backends: [{host: 10.0.0.1, port: 443}, {host: 10.0.0.2, port: 443}]\n",
    [
      "2:45",
      "listeners[0].routes[0].sni[0]",
      "unknown-alias",
      'if it is not an alias, write it in quotes: "*.a.example"',
    ],
  ],
  [
    "[::1] without quotes",
    "backends:\n  - {host: [::1], port: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:12", "backends[0].host", "wrong-type", 'write it without brackets, in quotes: "::1"'],
  ],
  [
    "[::1]:9296 without quotes",
    `admin:\n  listen: [::1]:9296\n${B}`,
    ["2:11", "", "needs-quotes", 'write "[::1]:9296"'],
  ],
  [
    "@ without quotes",
    "backends:\n  - {unix: @app}\n  - {unix: /run/b.sock}\n",
    ["2:12", "", "needs-quotes", 'write "@app"'],
  ],
  [
    "environment variable",
    `port: \${PORT}\n${B}`,
    [
      "1:7",
      "port",
      "wrong-type",
      "bal does not expand environment variables: write the value, or generate the file with `envsubst` first",
    ],
  ],
  [
    "environment variable in braces",
    "backends:\n  - {host: \u0024{HOST}, port: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    ["2:12", "", "not-filled-in", "write the value, or generate the file with `envsubst` first"],
  ],
  [
    "environment variable as token",
    `admin: {listen: 127.0.0.1:9296, token: "\${ADMIN_TOKEN}"}\n${B}`,
    [
      "1:40",
      "admin.token",
      "not-filled-in",
      "write the value, or generate the file with `envsubst` first",
    ],
  ],
  [
    "template",
    `port: {{ port }}\n${B}`,
    ["1:7", "port", "wrong-type", "bal does not expand templates: generate the file first"],
  ],
  [
    "no-break space",
    `port:\u00a09295\n${B}`,
    ["1:6", "", "odd-character", "write a plain space in its place"],
  ],
  ["zero-width space", `\u200bport: 9295\n${B}`, ["1:1", "\u200bport", "unknown-key", "delete it"]],
  [
    "no-break indent",
    "backends:\n\u00a0\u00a0- {host: 10.0.0.1, port: 443}\n",
    ["2:1", "", "odd-character", "write a plain space in its place"],
  ],
  [
    "typographic quotes",
    "backends:\n  - {host: “10.0.0.1”, port: 443}\n  - {host: 10.0.0.2, port: 443}\n",
    [
      "2:12",
      "backends[0].host",
      "bad-address",
      "it contains a typographic quote (U+201C): write a plain quote, \" or ', in its place",
    ],
  ],
  [
    "typographic dash",
    "backends:\n  – {host: 10.0.0.1, port: 443}\n  – {host: 10.0.0.2, port: 443}\n",
    ["2:3", "", "odd-character", "write a plain - in its place"],
  ],
  [
    "merge conflict",
    `<<<<<<< HEAD\nport: 9295\n=======\nport: 9296\n>>>>>>> b\n${B}`,
    [
      "1:1",
      "",
      "merge-conflict",
      "keep one of the two sides, and delete the lines with <<<<<<<, ======= and >>>>>>>",
    ],
  ],
];

tellsOnce(mistakes);
