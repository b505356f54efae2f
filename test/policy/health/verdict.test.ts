// What a backend answers to a check, judged as it comes.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseBytes, parseStatusRanges } from "../../../src/config/expectation.ts";
import { judgeHttp, judgePrefix } from "../../../src/policy/health/verdict.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const ok = [[200, 299]] as const;

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

test.each([
  ["HTTP/1.1 200 OK\r\n", "passed"],
  ["HTTP/1.0 204\r\n", "passed"],
  ["HTTP/1.1 503 Service Unavailable\r\n", { failed: "it answered 503" }],
  ["HTTP/1.1 200", "more"],
  ["HT", "more"],
  ["SSH-2.0", { failed: 'no HTTP answer: "SSH-2.0"' }],
  ["HTTP/1.1 ok\r\n", { failed: 'no HTTP answer: "HTTP/1.1 ok\\x0d\\n"' }],
] as const)("%p is judged", (text, verdict) => {
  expect(judgeHttp(bytes(text), ok)).toEqual(verdict);
});

test("whatever comes is judged without an error, and a pass is never taken back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (answer) => {
      judgeHttp(answer, ok);
      expect(judgePrefix(answer, answer)).toBe("passed");
    }),
  );
  const answer = bytes("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody");
  const verdicts = Array.from(answer, (_, i) => judgeHttp(answer.subarray(0, i + 1), ok));
  expect(verdicts.lastIndexOf("more")).toBe(verdicts.indexOf("passed") - 1);
});

test("an answer's beginning decides as soon as it can", () => {
  expect(judgePrefix(bytes("+PO"), bytes("+PONG"))).toBe("more");
  expect(judgePrefix(bytes("+PONG\r\n"), bytes("+PONG"))).toBe("passed");
  expect(judgePrefix(bytes("-ERR"), bytes("+PONG"))).toEqual({ failed: 'it answered "-ERR"' });
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
