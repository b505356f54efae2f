// Routes of listeners, PROXY headers that they accept and that pools send: what is right, what is wrong
// and where, what is hardly meant.
import { describe, expect, test } from "bun:test";
import { type Expected, errorsOf, expectFindings, parse } from "../support/findings.ts";

const POOLS =
  "pools:\n  p: {backends: [{host: a, port: 1}, {host: b, port: 1}]}\n  q: {backends: [{host: c, port: 1}, {host: d, port: 1}]}\n";
const file = (listener: string, pools = POOLS) =>
  `listeners:\n  - {name: l, port: 80, ${listener}}\n${pools}`;
const routes = (list: string) => file(`routes: [${list}, {default: true, pool: q}]`);

test("names come in lower case, without the dot of the root", () => {
  const result = parse(
    file(
      'routes: [{sni: [A.Example., "*.B.example"], pool: p}, {alpn: [h2], refuse: true}, {default: true, pool: q}]',
    ),
  );
  expect([errorsOf(result), result.warnings]).toEqual([[], []]);
  const route = { sni: [], alpn: [], isDefault: false };
  expect(result).toMatchObject({
    config: {
      listeners: [
        {
          pool: null,
          routes: [
            { ...route, sni: ["a.example", "*.b.example"], pool: "p" },
            { ...route, alpn: ["h2"], pool: null },
            { ...route, isDefault: true, pool: "q" },
          ],
        },
      ],
    },
  });
});

type Row = readonly [text: string, ...findings: Expected[]];

const LISTENER = "listeners[0]";
const ROUTE = `${LISTENER}.routes[0]`;

describe("is refused", () => {
  test.each<Row>([
    [file("allow: [10.0.0.0/8]"), ["2:5", LISTENER, "missing-key", "`pool` is missing"]],
    [
      file("pool: p, routes: [{default: true, pool: q}]"),
      ["2:31", `${LISTENER}.pool`, "mixed-forms", "has one of them", "{default: true"],
    ],
    [file("routes: []"), ["2:33", `${LISTENER}.routes`, "empty-list", "refused"]],
    [routes("{pool: p}"), ["2:34", ROUTE, "missing-key", "one of sni, alpn, default and tls"]],
    [
      routes("{sni: [a.test], alpn: [h2], pool: p}"),
      ["2:34", ROUTE, "mixed-forms", "found sni and alpn"],
    ],
    [routes("{sni: [a.test]}"), ["2:34", ROUTE, "missing-key", "`pool: NAME` or `refuse: true`"]],
    [
      routes("{sni: [a.test], pool: p, refuse: true}"),
      ["2:34", ROUTE, "mixed-forms", "either `pool: NAME`"],
    ],
    [
      routes("{sni: [a.test], refuse: false}"),
      ["2:58", `${ROUTE}.refuse`, "not-allowed", "leave it out"],
    ],
    [routes("{sni: [], pool: p}"), ["2:40", `${ROUTE}.sni`, "empty-list"]],
    [
      routes("{sni: [a.test], pool: r}"),
      ["2:56", `${ROUTE}.pool`, "unknown-pool", "there is no pool `r`"],
    ],
    [routes('{sni: ["*"], pool: p}'), ["2:41", `${ROUTE}.sni[0]`, "bad-address", "{default: true"]],
    [routes('{sni: ["a.*.test"], pool: p}'), ["2:41", `${ROUTE}.sni[0]`, "bad-address"]],
    [
      routes("{sni: [10.0.0.1], pool: p}"),
      ["2:41", `${ROUTE}.sni[0]`, "bad-address", "clients do not send addresses as server names"],
    ],
    [
      routes("{sni: [bücher.test], pool: p}"),
      ["2:41", `${ROUTE}.sni[0]`, "bad-address", "xn--bcher-kva.test"],
    ],
    [
      routes("{sni: [https://a.test/], pool: p}"),
      ["2:41", `${ROUTE}.sni[0]`, "bad-address", "only the host"],
    ],
    [routes('{alpn: ["a b"], pool: p}'), ["2:42", `${ROUTE}.alpn[0]`, "wrong-type", "such as h2"]],
    [
      routes("{sni: [a.test, A.TEST], pool: p}"),
      ["2:49", `${ROUTE}.sni[1]`, "duplicate-route", `by ${ROUTE}.sni[0]`],
    ],
    [
      routes("{default: true, pool: p}"),
      ["2:70", `${LISTENER}.routes[1].default`, "duplicate-route", `by ${ROUTE}.default`],
    ],
    [
      routes("{sin: [a.test], pool: p}"),
      ["2:35", `${ROUTE}.sin`, "unknown-key", "did you mean `sni`?"],
    ],
    [
      file("pool: p, proxy_protocol: {optional: true}"),
      ["2:50", `${LISTENER}.proxy_protocol`, "missing-key", "[10.0.0.0/8]"],
    ],
    [
      file("pool: p, proxy_protocol: {trusted: []}"),
      ["2:60", `${LISTENER}.proxy_protocol.trusted`, "empty-list", "every peer"],
    ],
    [
      file("pool: p, proxy_protocol: v1"),
      ["2:50", `${LISTENER}.proxy_protocol`, "wrong-type", "a map of keys"],
    ],
    [
      file(
        "pool: p",
        "pools:\n  p: {proxy_protocol: {version: v1, tlvs: [crc32c]}, backends: [{host: a, port: 1}, {host: b, port: 1}]}",
      ),
      ["4:43", "pools.p.proxy_protocol.tlvs", "mixed-forms", "write version: v2"],
    ],
    [
      file(
        "pool: p",
        "pools:\n  p: {proxy_protocol: {tlvs: [crc32]}, backends: [{host: a, port: 1}, {host: b, port: 1}]}",
      ),
      ["4:23", "pools.p.proxy_protocol", "missing-key", "`version` is missing"],
      ["4:31", "pools.p.proxy_protocol.tlvs[0]", "not-allowed", "did you mean `crc32c`?"],
    ],
    [
      file(
        "pool: p",
        "pools:\n  p: {proxy_protocol: v3, backends: [{host: a, port: 1}, {host: b, port: 1}]}",
      ),
      ["4:23", "pools.p.proxy_protocol", "not-allowed", "off, v1, v2"],
    ],
  ])("%s", (text, ...expected) => {
    expectFindings(errorsOf(parse(text)), expected);
  });
});

describe("is warned of", () => {
  test("whoever may claim to be anybody", () => {
    const { warnings } = parse(
      file('pool: p, proxy_protocol: {trusted: [10.0.0.0/8, "::/0"]}', `${POOLS}`),
    );
    expectFindings(
      warnings.filter(({ code }) => code === "trusts-everybody"),
      [
        [
          "2:73",
          `${LISTENER}.proxy_protocol.trusted[1]`,
          "trusts-everybody",
          "allow, deny, limits",
        ],
      ],
    );
  });

  test("TLVs of a hello that nobody reads", () => {
    const tlvs = "{version: v2, tlvs: [crc32c, alpn]}";
    const pools = `pools:\n  p: {proxy_protocol: ${tlvs}, backends: [{host: a, port: 1}, {host: b, port: 1}]}`;
    expectFindings(parse(file("pool: p", pools)).warnings, [
      ["4:52", "pools.p.proxy_protocol.tlvs[1]", "unknown-tlv-value", "listener l", "routes:"],
    ]);
    expect(parse(file("routes: [{default: true, pool: p}]", pools)).warnings).toEqual([]);
  });
});
