// The header's bytes, by the examples of the PROXY protocol's specification.
import { expect, test } from "bun:test";
import { formatHeader, formatLocal } from "../../../src/policy/proxy-protocol/format.ts";
import { parseHeader } from "../../../src/policy/proxy-protocol/parse.ts";

const v4 = {
  source: { ip: "192.168.0.1", port: 56324 },
  destination: { ip: "192.168.0.11", port: 443 },
};
const v6 = {
  source: { ip: "2001:db8::1", port: 1 },
  destination: { ip: "::1", port: 65535 },
};
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const SIGNATURE = "0d0a0d0a000d0a515549540a";

test("version 1", () => {
  expect(text(formatHeader("v1", v4))).toBe("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
  expect(text(formatHeader("v1", v6))).toBe("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n");
  expect(text(formatHeader("v1", null))).toBe("PROXY UNKNOWN\r\n");
  expect(text(formatLocal("v1"))).toBe("PROXY UNKNOWN\r\n");
});

test("version 2", () => {
  expect(formatHeader("v2", v4).toHex()).toBe(`${SIGNATURE}2111000cc0a80001c0a8000bdc0401bb`);
  expect(formatHeader("v2", v6).toHex()).toBe(
    `${SIGNATURE}21210024${"20010db8000000000000000000000001"}${"0".repeat(31)}10001ffff`,
  );
  expect(formatHeader("v2", null).toHex()).toBe(`${SIGNATURE}20000000`);
  expect(formatLocal("v2").toHex()).toBe(`${SIGNATURE}20000000`);
});

test("version 2 with TLVs, in the order of the config, and without those that are not known", () => {
  const values = { authority: "a.test", alpn: "h2", unique_id: "0x-1" };
  const tlvs = ["authority", "alpn", "unique_id"] as const;
  const body = "c0a80001c0a8000bdc0401bb";
  expect(formatHeader("v2", v4, { tlvs, values }).toHex()).toBe(
    `${SIGNATURE}21110021${body}020006612e7465737401000268320500043078 2d31`.replace(" ", ""),
  );
  // Beside LOCAL nobody would read them.
  expect(formatHeader("v2", null, { tlvs: ["unique_id"], values }).toHex()).toBe(
    `${SIGNATURE}210000070500043078 2d31`.replace(" ", ""),
  );
  const unknown = { tlvs, values: { ...values, authority: null, alpn: null } };
  expect(formatHeader("v2", v4, unknown).toHex()).toBe(`${SIGNATURE}21110013${body}05000430782d31`);
  expect(text(formatHeader("v1", v4, { tlvs, values }))).toBe(text(formatHeader("v1", v4)));
});

test("its checksum is the one that receivers work out", () => {
  const values = { authority: "a.test", alpn: null, unique_id: "1" };
  const tlvs = ["authority", "crc32c"] as const;
  for (const route of [v4, v6]) {
    const header = formatHeader("v2", route, { tlvs, values });
    expect(parseHeader(header)).toEqual({ kind: "found", length: header.length, route });
    const [last] = header.slice(-1);
    header[header.length - 1] = last! ^ 1;
    expect(parseHeader(header)).toMatchObject({ kind: "invalid" });
  }
});

test("two families in one header are IPv6's", () => {
  const route = { source: v4.source, destination: v6.destination };
  expect(formatHeader("v2", route).toHex()).toContain("00000000000000000000ffffc0a80001");
  expect(text(formatHeader("v1", route))).toBe("PROXY UNKNOWN\r\n");
});
