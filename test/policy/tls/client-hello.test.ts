// Reads names and protocols from a hello, and recognises bytes that are none.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_HELLO_BYTES, parseClientHello } from "../../../src/policy/tls/client-hello.ts";
import { alpn, extension, hello, hostName, message, records, serverName, vector } from "./hello.ts";

const found = (sni: string | null, protocols: readonly string[] = []) =>
  ({ kind: "found", hello: { sni, alpn: protocols } }) as const;
const invalid = (reason: string) => ({ kind: "invalid", reason }) as const;
const named = (name: string) => serverName(hostName(name));
const GREASE = extension(0x1a1a, [0]);
// Hybrid post-quantum: 1,216 bytes each.
const KEY_SHARES = extension(51, vector(2, Array(2 * 1216).fill(9)));

test.each([
  ["no extensions, not even their length", { extensions: null }, found(null)],
  ["no extensions", {}, found(null)],
  ["a name", { extensions: named("a.example") }, found("a.example")],
  ["a name in capitals", { extensions: named("A.Example") }, found("a.example")],
  ["a name with a trailing dot", { extensions: named("a.example.") }, found("a.example")],
  ["an underscore", { extensions: named("_x.example") }, found("_x.example")],
  ["an IP literal", { extensions: named("10.0.0.1") }, found("10.0.0.1")],
  ["an IPv6 literal", { extensions: named("::1") }, found("::1")],
  ["protocols in order", { extensions: alpn("h2", "http/1.1") }, found(null, ["h2", "http/1.1"])],
  [
    "a protocol that is not text",
    { extensions: alpn("\x1a\xff", "h2") },
    found(null, ["\x1a\xff", "h2"]),
  ],
  [
    "GREASE around all",
    {
      suites: [0x1a, 0x1a, 0x13, 0x01],
      extensions: [...GREASE, ...named("a.example"), ...KEY_SHARES, ...alpn("h2"), ...GREASE],
    },
    found("a.example", ["h2"]),
  ],
  [
    "a name of another type, before and after",
    { extensions: serverName([9, 0, 1, 65], hostName("a.example"), [9, 0, 0]) },
    found("a.example"),
  ],
  ["only a name of another type", { extensions: serverName([9, 0, 1, 65]) }, found(null)],
  ["a version of the future", { version: [4, 0] }, found(null)],
] as const)("%s", (_, parts, verdict) => {
  expect(parseClientHello(hello(parts))).toEqual(verdict);
});

test.each([
  [".", "."],
  ["a..example", "a..example"],
  [".Example", ".example"],
  ["a example", "a example"],
  ["b\xc3\xbccher.example", "bücher.example"],
  ["b\xfccher.example", "b\ufffdcher.example"],
])("a name that is no hostname passes: %j", (sent, sni) => {
  expect(parseClientHello(hello({ extensions: named(sent) }))).toEqual(found(sni));
});

const NO_NAME = invalid("an invalid server name");
const WRONG_NAMES = invalid("lengths in its server names that do not add up");
const WRONG_PROTOCOLS = invalid("an impossible list of protocols");

test.each([
  ["an empty name", { extensions: named("") }, NO_NAME],
  ["a NUL in the name", { extensions: named("a.example\0.evil") }, NO_NAME],
  ["a line break in the name", { extensions: named("a\nexample") }, NO_NAME],
  ["a name of 256 bytes", { extensions: named("a".repeat(256)) }, NO_NAME],
  ["no name at all", { extensions: serverName() }, WRONG_NAMES],
  ["an empty extension of names", { extensions: extension(0, []) }, WRONG_NAMES],
  ["bytes after the names", { extensions: extension(0, [0, 4, 0, 0, 1, 65, 0]) }, WRONG_NAMES],
  ["a name beyond its list", { extensions: extension(0, [0, 4, 0, 0, 2, 65]) }, WRONG_NAMES],
  [
    "two names",
    { extensions: serverName(hostName("a"), hostName("b")) },
    invalid("two server names"),
  ],
  [
    "names twice",
    { extensions: [...named("a"), ...GREASE, ...named("a")] },
    invalid("extension 0 twice"),
  ],
  [
    "protocols twice",
    { extensions: [...alpn("h2"), ...alpn("h2")] },
    invalid("extension 16 twice"),
  ],
  ["no protocol", { extensions: alpn() }, WRONG_PROTOCOLS],
  ["an empty protocol", { extensions: alpn("h2", "") }, WRONG_PROTOCOLS],
  ["a protocol beyond its list", { extensions: extension(16, [0, 2, 2, 65]) }, WRONG_PROTOCOLS],
  [
    "an extension beyond the hello",
    { extensions: [0, 99, 0, 1] },
    invalid("lengths of extensions that do not add up"),
  ],
  [
    "no cipher suite",
    { suites: [], extensions: GREASE },
    invalid("an impossible list of cipher suites"),
  ],
  ["half a cipher suite", { suites: [1, 2, 3] }, invalid("an impossible list of cipher suites")],
  ["no compression", { compressions: [], extensions: GREASE }, invalid("no compression method")],
  ["a long session id", { sessionId: Array(33).fill(1) }, invalid("a session id of over 32 bytes")],
] as const)("refused: %s", (_, parts, verdict) => {
  expect(parseClientHello(hello(parts))).toEqual(verdict);
});

test("lengths inside a hello that lie are refused", () => {
  const right = message({ extensions: named("a.example") });
  const shorter = [...right.slice(0, -1)];
  shorter[3] = (shorter[3] ?? 0) - 1;
  const longer = [...right, 0];
  longer[3] = (longer[3] ?? 0) + 1;
  const verdicts = [shorter, longer].map((bytes) => parseClientHello(records(bytes)));
  expect(verdicts).toEqual(Array(2).fill(invalid("lengths that do not add up")));
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

test.each([
  ["HTTP", bytesOf("GET / HTTP/1.1\r\n"), 1, "not a TLS handshake: a record's first byte is 0x47"],
  ["SSH", bytesOf("SSH-2.0-OpenSSH\r\n"), 1, "not a TLS handshake: a record's first byte is 0x53"],
  // RFC 5246, appendix E.2.
  [
    "an SSLv2 hello",
    Uint8Array.of(0x80, 0x2e, 1, 3, 1),
    1,
    "not a TLS handshake: a record's first byte is 0x80",
  ],
  [
    "an alert",
    Uint8Array.of(21, 3, 1, 0, 2),
    1,
    "not a TLS handshake: a record's first byte is 0x15",
  ],
  ["DTLS", Uint8Array.of(22, 0xfe, 0xff), 2, "not TLS: a record's version begins with 0xfe"],
  ["an empty record", Uint8Array.of(22, 3, 1, 0, 0), 5, "an empty record"],
  ["a record beyond what TLS has", Uint8Array.of(22, 3, 1, 64, 1), 5, "a record of over 16 KiB"],
  [
    "a ServerHello",
    Uint8Array.of(22, 3, 1, 1, 0, 2),
    6,
    "not a ClientHello: a handshake message of type 2",
  ],
  [
    "a tiny hello",
    Uint8Array.of(22, 3, 1, 0, 44, 1, 0, 0, 40),
    9,
    "a ClientHello that is too short",
  ],
  ["a huge hello", Uint8Array.of(22, 3, 1, 64, 0, 1, 0, 64, 0), 9, "a ClientHello of over 16 KiB"],
] as const)("%s is refused at its first wrong byte", (_, bytes, at, reason) => {
  expect(parseClientHello(bytes.subarray(0, at - 1))).toEqual({ kind: "need-more", bytes: at });
  const isTls = !reason.startsWith("not a TLS") && !reason.startsWith("not TLS");
  const verdict = isTls ? invalid(reason) : ({ kind: "no-tls", reason } as const);
  expect(parseClientHello(bytes.subarray(0, at))).toEqual(verdict);
  expect(parseClientHello(bytes)).toEqual(verdict);
});

test("another kind of record between those of a hello is refused", () => {
  const bytes = records(message({ extensions: named("a.example") }), [20]);
  bytes[25] = 20;
  const reason = "not a TLS handshake: a record's first byte is 0x14";
  expect(parseClientHello(bytes)).toEqual(invalid(reason));
});

test("16 KiB are looked at, and not a byte more", () => {
  const padded = (padding: number) => hello({ extensions: extension(21, Array(padding).fill(0)) });
  const overhead = padded(0).length;
  const most = padded(MAX_HELLO_BYTES - overhead);
  expect(most.length).toBe(MAX_HELLO_BYTES);
  expect(parseClientHello(most)).toEqual(found(null));
  const more = padded(MAX_HELLO_BYTES - overhead + 1);
  expect(parseClientHello(more)).toEqual(invalid("a ClientHello of over 16 KiB"));
  const tinyRecords = records([...message({ extensions: KEY_SHARES }), ...Array(99)], [1]);
  expect(parseClientHello(tinyRecords)).toEqual(found(null));
  const larger = [...KEY_SHARES, ...KEY_SHARES];
  const tinier = records(message({ extensions: larger }), [1]);
  expect(parseClientHello(tinier)).toEqual(invalid("a ClientHello of over 16 KiB"));
});

test("what comes after a hello, in its record and after it, is not looked at", () => {
  const first = message({ extensions: named("a.example") });
  expect(parseClientHello(records([...first, 99, 99]))).toEqual(found("a.example"));
  expect(parseClientHello(Uint8Array.of(...records(first), 0, 0))).toEqual(found("a.example"));
});

const name = fc.domain();
const protocol = fc.string({ minLength: 1, maxLength: 12, unit: "binary-ascii" });
const anyHello = fc
  .record({
    sni: fc.option(name),
    protocols: fc.array(protocol, { maxLength: 4 }),
    padding: fc.nat(3000),
    sizes: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
  })
  .filter(({ sizes, padding }) => Math.min(...sizes) > padding / 1000)
  .map(({ sni, protocols, padding, sizes }) => {
    const extensions = [
      ...(sni === null ? [] : named(sni)),
      ...extension(21, Array(padding).fill(0)),
      ...(protocols.length === 0 ? [] : alpn(...protocols)),
    ];
    const bytes = records(message({ extensions }), sizes);
    return { bytes, verdict: found(sni === null ? null : sni.toLowerCase(), protocols) };
  });

/** Every prefix asks for more than it is, and for no more than the whole. */
function expectPrefixes(bytes: Uint8Array, until: number): void {
  for (let length = 0; length <= Math.min(until, bytes.length); length++) {
    const verdict = parseClientHello(bytes.subarray(0, length));
    if (verdict.kind === "invalid") {
      expect(parseClientHello(bytes)).toEqual(verdict);
      return;
    }
    if (verdict.kind === "found" || verdict.kind === "no-tls") return;
    expect(verdict.bytes).toBeGreaterThan(length);
    expect(verdict.bytes).toBeLessThanOrEqual(MAX_HELLO_BYTES);
  }
}

test("any hello is read, however it was cut into records", () => {
  fc.assert(
    fc.property(anyHello, ({ bytes, verdict }) => {
      expect(parseClientHello(bytes)).toEqual(verdict);
    }),
  );
});

test("a hello that comes in pieces has the same verdict, after few tries", () => {
  fc.assert(
    fc.property(anyHello, ({ bytes, verdict }) => {
      let tries = 0;
      for (let length = 0; ; tries++) {
        const last = parseClientHello(bytes.subarray(0, length));
        if (last.kind !== "need-more") {
          expect(last).toEqual(verdict);
          break;
        }
        expect(last.bytes).toBeGreaterThan(length);
        expect(last.bytes).toBeLessThanOrEqual(bytes.length);
        length = last.bytes;
      }
      expect(tries).toBeLessThan(64);
    }),
  );
});

test("bytes changed at random end in a verdict, the same for every prefix that has one", () => {
  const change = fc.tuple(fc.nat(400), fc.nat(255));
  fc.assert(
    fc.property(
      anyHello,
      fc.array(change, { minLength: 1, maxLength: 4 }),
      ({ bytes }, changes) => {
        const changed = bytes.slice(0, 2000);
        for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
        expectPrefixes(changed, 400);
      },
    ),
    { numRuns: 200 },
  );
});

test("random bytes never throw", () => {
  const start = fc.constantFrom([], [22], [22, 3, 1], [22, 3, 1, 2, 0, 1, 0, 0]);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 600 }), (begin, bytes) => {
      expectPrefixes(Uint8Array.of(...begin, ...bytes), 600);
    }),
  );
});
