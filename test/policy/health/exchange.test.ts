// Steps of an exchange, one event after the other: what is said when, and when it is decided.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Exchange } from "../../../src/policy/health/exchange.ts";
import { MAX_ANSWER_BYTES, type Move } from "../../../src/policy/health/talk.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
type Written = { readonly send?: string; readonly expect?: string; readonly contains?: string };

function exchange(...steps: readonly Written[]): Exchange {
  return new Exchange(
    steps.map(({ send = "", expect = "", contains = "" }) => ({
      ...{ send: bytes(send), expect: bytes(expect), contains: bytes(contains) },
    })),
  );
}

/** `say QUIT`, `failed …`, or the kind alone. */
function show(move: Move): string {
  if (move.kind === "say") return `say ${Buffer.from(move.bytes)}`;
  if (move.kind === "pause") return `pause ${move.forMs}`;
  return move.kind === "failed" ? `failed: ${move.reason}` : move.kind;
}

const PING = [{ send: "PING", expect: "+PONG" }];
const SMTP = [{ expect: "220" }, { send: "QUIT" }, { expect: "221" }];

test.each<[string, readonly Written[], readonly (string | null)[], string, readonly string[]]>([
  ["an answer decides as soon as it can", PING, ["+PO", "NG"], "say PING", ["more", "passed"]],
  ["another one fails", PING, ["-E"], "say PING", ['failed: it answered "-E"']],
  [
    "the greeting is waited for",
    SMTP,
    ["220 a\n", null, "221"],
    "more",
    ["pause 20", "say QUIT", "passed"],
  ],
  ["to its line's end", SMTP, ["220 ", "a\n", null], "more", ["pause 100", "pause 20", "say QUIT"]],
  [
    "over all its lines",
    SMTP,
    ["220-a\n", "220 b\n", null],
    "more",
    ["pause 100", "pause 20", "say QUIT"],
  ],
  ["or for a while", SMTP, ["220", null, "221"], "more", ["pause 100", "say QUIT", "passed"]],
  [
    "a later step fails",
    SMTP,
    ["220 a\n", null, "512 no"],
    "more",
    ["pause 20", "say QUIT", 'failed: it answered "512 no"'],
  ],
  ["nothing is to come", [{ send: "X" }], [], "say X", []],
  [
    "anywhere in it",
    [{ send: "I", contains: "role:m" }],
    ["a role", ":m"],
    "say I",
    ["more", "passed"],
  ],
  ["both", [{ expect: "ok", contains: "z" }], ["ok", " z"], "more", ["more", "passed"]],
  ["two in one answer", [{ expect: "a" }, { expect: "b" }], ["ab"], "more", ["passed"]],
])("%s", (_, steps, events, first, moves) => {
  expect(show(exchange(...steps).begin())).toBe(first);
  const talk = exchange(...steps);
  talk.begin();
  const seen = events.map((event) => (event === null ? talk.lull() : talk.hear(bytes(event))));
  expect(seen.map(show)).toEqual([...moves]);
});

test("one that says its last word waits for nothing more", () => {
  const talk = exchange({ expect: "220" }, { send: "QUIT" });
  talk.begin();
  talk.hear(bytes("220 a\n"));
  expect([talk.isOver, show(talk.lull()), talk.isOver]).toEqual([false, "say QUIT", true]);
});

test("a backend that leaves too early is told from one that has said it all", () => {
  const ending = (steps: readonly Written[], text: string) => {
    const talk = exchange(...steps);
    talk.begin();
    if (text !== "") talk.hear(bytes(text));
    return show(talk.hearEnd());
  };
  expect(ending(PING, "")).toBe("failed: it closed before it answered");
  expect(ending(PING, "+PO")).toBe('failed: it closed after it answered "+PO"');
  expect(ending(SMTP, "220")).toBe("failed: it closed before the last step");
});

test("an answer that is too long for what is looked for in it fails", () => {
  const talk = exchange({ contains: "z" });
  talk.begin();
  expect(talk.hear(new Uint8Array(MAX_ANSWER_BYTES)).kind).toBe("failed");
});

test("what is missing is told", () => {
  const talk = exchange(...SMTP);
  talk.begin();
  expect(talk.missing).toBe("no answer to step 1");
  talk.hear(bytes("22"));
  expect(talk.missing).toBe('only "22" as an answer to step 1');
});

test("whatever comes, in whatever pieces, it is judged without an error", () => {
  const step = fc.record({
    send: fc.string({ maxLength: 2 }),
    expect: fc.string({ maxLength: 2 }),
    contains: fc.string({ maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), fc.array(fc.string()), (steps, chunks) => {
      const talk = exchange(...steps);
      talk.begin();
      for (const chunk of chunks) {
        const { kind } = talk.hear(bytes(chunk));
        const last = kind === "pause" ? talk.lull().kind : kind;
        if (last === "passed" || last === "failed" || talk.isOver) return;
      }
      talk.hearEnd();
    }),
  );
});
