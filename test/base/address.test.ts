import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatAddress,
  formatEndpoint,
  formatHostPort,
  isHostname,
  isLoopback,
  isSocketPath,
  isWildcard,
  parseIp,
} from "../../src/base/address.ts";

const label = fc.stringMatching(/^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/);

describe("an IP literal", () => {
  test.each([
    ["127.0.0.1", 4, "127.0.0.1"],
    ["255.255.255.255", 4, "255.255.255.255"],
    ["::", 6, "::"],
    ["0:0:0:0:0:0:0:1", 6, "::1"],
    ["2001:DB8:0:0:8:800:200C:417A", 6, "2001:db8::8:800:200c:417a"],
    ["2001:db8::0001", 6, "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", 6, "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", 6, "2001:0:0:1::1"],
    ["64:ff9b::192.0.2.33", 6, "64:ff9b::c000:221"],
    ["::ffff:192.0.2.128", 4, "192.0.2.128"],
    ["::FFFF:c000:280", 4, "192.0.2.128"],
    ["0:0:0:0:0:ffff:0:1", 4, "0.0.0.1"],
    ["::1.2.3.4", 6, "::102:304"],
    ["::1:2:3:4:1.2.3.4", 6, "::1:2:3:4:102:304"],
    ["1::4:5:6:255.0.10.1", 6, "1::4:5:6:ff00:a01"],
  ] as const)("%p is of family %p, as %p", (text, family, ip) => {
    expect(parseIp(text)).toEqual({ family, ip });
  });

  test.each([
    [""],
    ["300.1.1.1"],
    ["1.2.3"],
    ["1.2.3.4.5"],
    ["01.2.3.4"],
    ["0x7f.0.0.1"],
    ["1.2.3.4 "],
    ["1.2.3.4:80"],
    ["[::1]"],
    ["fe80::1%eth0"],
    ["1::2::3"],
    ["12345::"],
    ["::ffff:300.1.1.1"],
    ["localhost"],
  ])("%p is none", (text) => {
    expect(parseIp(text)).toBeNull();
  });

  test("has one canonical form: to parse it again changes nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const parsed = parseIp(text);
        expect(parsed).not.toBeNull();
        expect(parseIp(parsed!.ip)).toEqual(parsed);
      }),
    );
  });

  test("that is IPv4-mapped is the IPv4 address", () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        expect(parseIp(`::ffff:${ip}`)).toEqual({ family: 4, ip });
      }),
    );
  });

  test("never throws, whatever the text", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[0-9a-f:.%[\]]*$/));
    fc.assert(
      fc.property(text, (text) => {
        const parsed = parseIp(text);
        if (parsed !== null) expect(parseIp(parsed.ip)).toEqual(parsed);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a hostname", () => {
  test.each([
    ["a"],
    ["db.internal"],
    ["db.internal."],
    ["_pg._tcp.service.consul"],
    ["xn--bcher-kva.example"],
    ["web_1"],
    ["4u.example"],
    ["a".repeat(63)],
    [`${"a.".repeat(126)}a`],
  ])("may be %p", (text) => {
    expect(isHostname(text)).toBe(true);
  });

  test.each([
    [""],
    ["."],
    ["a..b"],
    [".a"],
    ["a.."],
    ["-a"],
    ["a-"],
    ["a b"],
    ["a/b"],
    ["a:80"],
    ["http://a"],
    ["bücher.example"],
    ["a\n"],
    ["300.1.1.1"],
    ["1234"],
    ["a".repeat(64)],
    [`${"a.".repeat(126)}ab`],
  ])("is not %p", (text) => {
    expect(isHostname(text)).toBe(false);
  });

  test("is any list of labels that is short enough and not of digits only", () => {
    const labels = fc.array(label, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(labels, (labels) => {
        const name = labels.join(".");
        expect(isHostname(name)).toBe(name.length <= 253 && !/^[\d.]+$/.test(name));
      }),
    );
  });

  test("is never an IP literal", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
        expect(isHostname(ip)).toBe(false);
      }),
    );
  });
});

describe("host and port as one text", () => {
  test.each([
    ["10.0.0.1", 443, "10.0.0.1:443"],
    ["db.internal", 80, "db.internal:80"],
    ["::1", 9295, "[::1]:9295"],
  ] as const)("%p and %p are %p", (host, port, text) => {
    expect(formatHostPort(host, port)).toBe(text);
  });

  test("can be told apart again", () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((ip) => parseIp(ip)!.ip),
      label,
    );
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65535 }), (host, port) => {
        const [, bracketed, plain, digits] =
          /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(formatHostPort(host, port)) ?? [];
        expect([bracketed ?? plain, Number(digits)]).toEqual([host, port]);
      }),
    );
  });
});

describe("kinds of address", () => {
  test.each([
    ["0.0.0.0", true, false],
    ["::", true, false],
    ["127.0.0.1", false, true],
    ["127.9.9.9", false, true],
    ["::1", false, true],
    ["10.0.0.1", false, false],
    ["128.0.0.1", false, false],
    ["127.example", false, false],
    ["::2", false, false],
  ] as const)("%p: wildcard %p, loopback %p", (ip, wildcard, loopback) => {
    expect([isWildcard(ip), isLoopback(ip)]).toEqual([wildcard, loopback]);
  });
});

test.each([
  [{ kind: "host", host: "a.example", port: 80 }, "a.example:80"],
  [{ kind: "host", host: "::1", port: 80 }, "[::1]:80"],
  [{ kind: "unix", path: "/run/app.sock" }, "unix:/run/app.sock"],
  [{ kind: "unix", path: "@app" }, "unix:@app"],
] as const)("%j is written %s", (address, text) => {
  expect(formatAddress(address)).toBe(text);
});

test.each([
  [{ family: 4, ip: "10.0.0.1", port: 80 }, "10.0.0.1:80"],
  [{ family: "unix", path: "/run/app.sock" }, "unix:/run/app.sock"],
] as const)("the endpoint %j is written %s", (endpoint, text) => {
  expect(formatEndpoint(endpoint)).toBe(text);
});

test.each([
  ["/run/app.sock", true],
  ["/a b", true],
  ["@app", true],
  [`/${"a".repeat(106)}`, true],
  [`/${"a".repeat(107)}`, false],
  [`/${"é".repeat(54)}`, false],
  ["app.sock", false],
  ["@", false],
  ["@@app", false],
  ["/a\0b", false],
  ["/a\nb", false],
  ["", false],
])("%j is the path of a socket: %p", (text, is) => {
  expect(isSocketPath(text)).toBe(is);
});
