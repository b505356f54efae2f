// A backend's answer to a request, examined as it comes.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseBytes, parseStatusRanges } from "../../../src/config/expectation.ts";
import { HttpExchange } from "../../../src/policy/health/http.ts";
import { MAX_ANSWER_BYTES, type Move } from "../../../src/policy/health/talk.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const ok = { expected: [[200, 299]], contains: bytes("") } as const;
const ready = { expected: [[200, 299]], contains: bytes("ready") } as const;

type Expected = typeof ok | typeof ready;

/** What an answer comes to that arrives in these pieces, and is over then where it `hasEnded`. */
function judged(pieces: readonly Uint8Array[], question: Expected, hasEnded = false): Move {
  const talk = new HttpExchange({ request: bytes("GET /"), ...question });
  for (const piece of pieces) {
    const move = talk.hear(piece);
    if (move.kind !== "more") return move;
  }
  return hasEnded ? talk.hearEnd() : { kind: "more" };
}

const oneByOne = (answer: Uint8Array) => Array.from(answer, (byte) => new Uint8Array([byte]));

test.each([
  ["200", [[200, 200]]],
  ["200-299", [[200, 299]]],
  [
    "200 - 204, 401",
    [
      [200, 204],
      [401, 401],
    ],
  ],
  ["", null],
  ["2xx", null],
  ["299-200", null],
  ["99", null],
  ["200,", null],
])("%p are statuses", (text, ranges) => {
  expect(parseStatusRanges(text)).toEqual(ranges as never);
});

const passed = { kind: "passed" };
const more = { kind: "more" };
const failed = (reason: string) => ({ kind: "failed", reason });
const without = failed("HTTP 200, without the expected text in its body");

test.each([
  ["HTTP/1.1 200 OK\r\n", passed],
  ["HTTP/1.0 204\r\n", passed],
  ["HTTP/1.1 503 Service Unavailable\r\n", failed("HTTP 503")],
  ["HTTP/1.1 200", more],
  ["HT", more],
  ["HTTP/1.1 100 Continue\r\n", more],
  ["HTTP/1.1 100 Continue\r\n\r\n", more],
  [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n",
    passed,
  ],
  ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 x\r\n", failed("HTTP 503")],
  ["HTTP/1.1 101 Switching\r\n", failed("HTTP 101")],
  ["SSH-2.0", failed('no HTTP answer: "SSH-2.0"')],
  ["HTTP/1.1 ok\r\n", failed('no HTTP answer: "HTTP/1.1 ok\\x0d\\n"')],
] as const)("%p is judged", (text, move) => {
  expect(judged([bytes(text)], ok)).toEqual(move as never);
  // A wrong beginning is known before the line is whole.
  expect(judged(oneByOne(bytes(text)), ok).kind).toBe(move.kind as Move["kind"]);
});

test.each([
  ["HTTP/1.1 200 OK\r\n\r\nit is ready", false, passed],
  ["HTTP/1.1 200 OK\r\nX: ready\r\n\r\n", false, more],
  ["HTTP/1.1 200 OK\r\n\r\nit is rea", false, more],
  ["HTTP/1.1 200 OK\r\n\r\nit is rea", true, without],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nno!", false, without],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nready", false, without],
  [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nrea\r\n2;x=y\r\ndy\r\n",
    false,
    passed,
  ],
  ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nrea\r\n", false, more],
  ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nrea\r\n0\r\n\r\n", false, without],
  [
    "HTTP/1.1 204 No Content\r\n\r\n",
    false,
    failed("HTTP 204, without the expected text in its body"),
  ],
  ["HTTP/1.1 503 x\r\n\r\nready", false, failed("HTTP 503")],
] as const)("what is in the body of %p (ended: %p)", (text, hasEnded, move) => {
  expect(judged([bytes(text)], ready, hasEnded)).toEqual(move as never);
  expect(judged(oneByOne(bytes(text)), ready, hasEnded)).toEqual(move as never);
});

test("an answer is judged alike whole and byte by byte", () => {
  const piece = fc.constantFrom(
    ..."HTTP/1.1 200 OK\r\n|HTTP/1.1 100 Continue\r\n\r\n|Content-Length: 3\r\n|Transfer-Encoding: chunked\r\n|\r\n|5\r\n|ready|\n|0".split(
      "|",
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 9 }))),
      fc.constantFrom<Expected>(ok, ready),
      fc.boolean(),
      (texts, question, end) => {
        const answer = bytes(`HTTP/1.${texts.join("")}`);
        const [whole, dripped] = [[answer], oneByOne(answer)].map((pieces) =>
          judged(pieces, question, end),
        );
        expect(dripped?.kind).toBe(whole?.kind as never);
      },
    ),
  );
});

test.each([
  ["of interim answers", "HTTP/1.1 100 Continue\r\n\r\n".repeat(11), ok],
  ["of an interim answer", `HTTP/1.1 100 Continue\r\n${"X: y\r\n".repeat(11_000)}`, ok],
  ["of a head", `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(11_000)}`, ready],
  ["of a body", `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(MAX_ANSWER_BYTES)}`, ready],
  [
    "of a chunk's line",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;${"x".repeat(300)}`,
    ready,
  ],
])("no end %s is a failure", (_, answer, question) => {
  expect(judged([bytes(answer)], question as Expected).kind).toBe("failed");
  expect(judged(oneByOne(bytes(answer)), question as Expected).kind).toBe("failed");
});

test("bytes are written as text or as hexadecimal digits", () => {
  expect(parseBytes("PING\r\n")).toEqual(bytes("PING\r\n"));
  expect(parseBytes("hex:00 ff0A")).toEqual(new Uint8Array([0, 255, 10]));
  expect([parseBytes("hex:0"), parseBytes("hex:zz"), parseBytes("hex:")]).toEqual([
    null,
    null,
    null,
  ]);
});
