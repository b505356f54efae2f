// Files that nobody would write: an import never throws, and prints a config that bal accepts, or none.
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { importConfig } from "../../../src/config/import/import.ts";
import { parseConfig } from "../../../src/config/parse.ts";

setDefaultTimeout(60_000);

const HAPROXY = [
  ...[
    "global",
    "defaults",
    "defaults x from y",
    "frontend f",
    "backend b",
    "listen l",
    "resolvers r",
  ],
  ...[
    "bind :1",
    "bind *:1,:::2 v4v6",
    "bind /run/s mode 660",
    "bind :5-3",
    "bind",
    "mode http",
    "mode tcp",
  ],
  ...[
    "server a 10.0.0.1:80 check",
    "server b b.example:0 weight 999 maxconn 7",
    "server c ::1 backup",
  ],
  ...[
    "server-template t 3 t.example:80 resolvers r",
    "default-server inter 1 rise 0 fall 999 port 70000",
  ],
  ...[
    "default_backend b",
    "use_backend b if { req.ssl_sni -m reg ^(a|b)+$ }",
    "use_backend l if x || !y",
  ],
  ...[
    "acl x src 10.0.0.0/8",
    "acl y req.ssl_sni a.example *",
    "tcp-request content reject unless x y",
  ],
  ...[
    "tcp-request connection reject if { sc0_conn_cur gt 0 }",
    "stick on src",
    "stick-table type ip",
  ],
  ...[
    "option tcp-check",
    "tcp-check send \\x00\\xff",
    "tcp-check expect string a",
    "option mysql-check",
  ],
  ...[
    "option httpchk GET x HTTP/1.1\\r\\nHost:\\ a_b",
    "http-check expect status abc",
    "maxconn 0",
  ],
  ...[
    "timeout client 0",
    "timeout server 99999d",
    "timeout connect x",
    "retries -1",
    'log "',
    "no option",
  ],
];

const NGINX = [
  ...[
    "stream {",
    "upstream u {",
    "upstream v {",
    "server {",
    "map $ssl_preread_server_name $x {",
    "}",
  ],
  ...[
    "listen 1;",
    "listen [::]:1;",
    "listen 5-3;",
    "listen unix:/s;",
    "listen 1 udp;",
    "proxy_pass u;",
  ],
  ...[
    "proxy_pass $x;",
    "proxy_pass 10.0.0.1:80;",
    "proxy_pass v.example;",
    "ssl_preread on;",
    "hostnames;",
  ],
  ...[
    "server 10.0.0.1:80 weight=0;",
    "server b.example:80 max_conns=x;",
    "server unix:/t down;",
    "a.b u;",
  ],
  ...[
    "*.b.example v;",
    "~^(a|.*)$ u;",
    "default $x;",
    '"" v;',
    "allow 10.0.0.0/8;",
    "deny all;",
    "deny x;",
  ],
  ...[
    "proxy_timeout 0;",
    "proxy_connect_timeout 1y1x;",
    "limit_conn z 0;",
    "proxy_protocol on;",
    "include x;",
  ],
];

test.each([
  [
    "HAProxy",
    HAPROXY,
    "frontend f\n bind :4000\n default_backend b\nbackend b\n server a 10.0.0.1:1\n",
  ],
  ["nginx", NGINX, "server { listen 4000; proxy_pass 10.0.0.1:1; }\n"],
])("any lines of %s become a config that bal accepts, or none", (_, vocabulary, start) => {
  const lines = fc.array(fc.constantFrom(...vocabulary), { maxLength: 30 });
  const isFirst = fc.boolean();
  fc.assert(
    fc.property(lines, isFirst, (some, startsWell) => {
      const text = startsWell ? `${start}${some.join("\n")}\n` : `${some.join("\n")}\n${start}`;
      const sources = { file: "x", variables: new Map<string, string>(), include: () => null };
      const { yaml = null } = importConfig(text, sources) ?? {};
      if (yaml === null) return;
      const parsed = parseConfig(Buffer.from(yaml), "config.yaml");
      expect(parsed.kind === "valid" ? [] : parsed.errors).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
