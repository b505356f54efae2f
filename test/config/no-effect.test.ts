// Warnings of what has no effect, or another one than it seems to have.
import { describe } from "bun:test";
import { warns } from "../support/warns.ts";

const A = "{host: a, port: 1}";
const B = "{host: b, port: 2}";
const BACKENDS = `backends: [${A}, ${B}]`;

describe("backends that take nobody", () => {
  warns([
    [
      "backends: [{host: a, port: 1, weight: 0}, {host: b, port: 2, weight: 0}]",
      ["1:11", "backends", "no-weight", "every backend has weight 0"],
    ],
    [
      "backends: [{host: a, port: 1, drain: true}, {host: b, port: 2, drain: true}]",
      ["1:11", "backends", "no-weight", "every backend drains: no client"],
    ],
    [
      "backends: [{host: a, port: 1, drain: true}, {host: b, port: 2, weight: 0}]",
      ["1:11", "backends", "no-weight", "drains or has weight 0"],
    ],
    ["backends: [{host: a, port: 1, drain: true}, {host: b, port: 2}]"],
  ]);
});

describe("keys without effect", () => {
  const pool = (keys: string, backend = A) =>
    `listeners: [{name: l, port: 80, pool: web}]\npools: {web: {${keys}, backends: [${backend}, ${B}]}}`;
  warns([
    [pool("method: source_hash, hash: {bounded: 150%}")],
    [
      pool("hash: {bounded: 150%}"),
      [
        "2:21",
        "pools.web.hash",
        "unused-key",
        "the method of this pool is round_robin",
        "source_hash",
      ],
    ],
    [
      pool("method: random, hash: {}"),
      ["2:37", "pools.web.hash", "unused-key", "the method of this pool is random"],
    ],
    [
      pool("method: first", "{host: a, port: 1, weight: 2}"),
      ["2:68", "pools.web.backends[0].weight", "unused-key", "the method `first`"],
    ],
    [
      `method: first\nbackends: [${A}, {host: b, port: 2, weight: 3}]`,
      ["2:59", "backends[1].weight", "unused-key"],
    ],
    [`method: first\nbackends: [${A}, {host: b, port: 2, weight: 1}]`],
    [
      `backends: [${A}, {host: b, port: 2, queue: {size: 5}}]`,
      ["1:58", "backends[1].queue", "unused-key", "never full", "write max_connections"],
    ],
    [`backends: [${A}, {host: b, port: 2, max_connections: 1, queue: {size: 5}}]`],
    [`backends: [${A}, {host: b, port: 2, queue: {size: 0}}]`],
  ]);
});

describe("blocks of addresses", () => {
  const listener = (keys: string) =>
    `listeners: [{name: l, port: 80, pool: web, ${keys}}]\npools: {web: {${BACKENDS}}}`;
  warns([
    [listener("allow: [10.0.0.0/8, 10.1.2.3, 10.1.2.3/32, 2001:db8::/32, ::1, 0.0.0.0/0]")],
    [
      listener("allow: [10.1.2.3/8]"),
      ["1:52", "listeners[0].allow[0]", "host-bits", "the whole block 10.0.0.0/8", "10.1.2.3 for"],
    ],
    [
      listener('deny: [192.168.1.129/25, "2001:db8:0:1::9/63"]'),
      ["1:51", "listeners[0].deny[0]", "host-bits", "192.168.1.128/25"],
      ["1:69", "listeners[0].deny[1]", "host-bits", "2001:db8::/63"],
    ],
    [
      listener("proxy_protocol: {trusted: [10.0.0.1/24]}"),
      ["1:71", "listeners[0].proxy_protocol.trusted[0]", "host-bits", "10.0.0.0/24"],
    ],
    [
      listener("allow: [10.0.0.0/8], deny: [0.0.0.0/0]"),
      [
        "1:72",
        "listeners[0].deny[0]",
        "denies-everybody",
        "every IPv4 client is refused",
        "leave it out",
      ],
    ],
    [listener('deny: ["::/0"]'), ["1:51", "listeners[0].deny[0]", "denies-everybody", "IPv6"]],
  ]);
});

describe("a fast interval", () => {
  warns([
    [
      `${BACKENDS}\nhealth_check: {interval: 2s, fast_interval: 3s}`,
      [
        "2:45",
        "health_check.fast_interval",
        "slow-fast-interval",
        "(3s) is longer than interval (2s)",
      ],
    ],
    [`${BACKENDS}\nhealth_check: {fast_interval: 5s}`],
  ]);
});
