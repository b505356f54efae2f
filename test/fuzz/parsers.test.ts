// A few seconds of mutation for each parser of bytes that others have chosen. None throws, none takes its
// time, and what it says of the first bytes it does not take back when more come. test/soak/fuzz.ts goes on
// for an hour, before the binary.
import { expect, setDefaultTimeout, test } from "bun:test";
import { importConfig } from "../../src/config/import/import.ts";
import { recogniseForeignConfig } from "../../src/config/import/recognise.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { Exchange } from "../../src/policy/health/exchange.ts";
import { HttpExchange } from "../../src/policy/health/http.ts";
import type { Talk } from "../../src/policy/health/talk.ts";
import { parseHeader } from "../../src/policy/proxy-protocol/parse.ts";
import { parseClientHello } from "../../src/policy/tls/client-hello.ts";
import { seeds } from "./corpus.ts";
import { drawFrom, mutant } from "./mutate.ts";

setDefaultTimeout(120_000);

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const RUNS = Number(process.env.FUZZ_RUNS ?? 3000);

/** Runs `check` on so many mutants; what fails names the seed and the bytes. */
function fuzz(corpus: readonly Uint8Array[], runs: number, check: (bytes: Uint8Array) => void) {
  for (let run = 0; run < runs; run++) {
    const seed = SEED * 1_000_003 + run;
    const bytes = mutant(corpus, drawFrom(seed));
    try {
      check(bytes);
    } catch (cause) {
      const told = `FUZZ_SEED=${SEED}, run ${run}: ${Buffer.from(bytes).toString("base64")}`;
      throw new Error(told, { cause });
    }
  }
}

type Verdict = { readonly kind: string; readonly bytes?: number };

/** The verdict on a part is that on the whole, or that more is needed, and of how many bytes at least. */
function agreesOnParts(parse: (bytes: Uint8Array) => Verdict, bytes: Uint8Array): void {
  const whole = parse(bytes);
  for (const length of [1, bytes.length >> 2, bytes.length >> 1, bytes.length - 1]) {
    if (length < 0 || length > bytes.length) continue;
    const part = parse(bytes.subarray(0, length));
    if (part.kind !== "need-more") expect(part).toEqual(whole);
    else expect(part.bytes).toBeGreaterThan(length);
  }
}

test("a ClientHello", () => {
  fuzz(seeds.hello, RUNS, (bytes) => agreesOnParts(parseClientHello, bytes));
});

test("a PROXY header", () => {
  fuzz(seeds.proxy, RUNS, (bytes) => agreesOnParts(parseHeader, bytes));
});

const bytesOf = (text: string) => Buffer.from(text, "latin1");
const step = (send: string, expect: string, contains = "") => ({
  send: bytesOf(send),
  expect: bytesOf(expect),
  contains: bytesOf(contains),
});
const talks: readonly (() => Talk)[] = [
  () =>
    new HttpExchange({ request: bytesOf("GET /"), expected: [[200, 399]], contains: bytesOf("") }),
  () => new HttpExchange({ request: bytesOf("GET /"), expected: [], contains: bytesOf("ok") }),
  () => new Exchange([step("PING\r\n", "+PONG")]),
  () => new Exchange([step("", "220"), step("EHLO bal\r\n", "250"), step("QUIT\r\n", "221")]),
  () => new Exchange([step("ROLE\r\n", "*", "master")]),
];

test("an answer to a check, whole and in pieces, to its end", () => {
  fuzz(seeds.health, RUNS, (bytes) => {
    for (const begin of talks) {
      for (const size of [Math.max(1, bytes.length), 7]) {
        const talk = begin();
        let move = talk.begin();
        for (let at = 0; at < bytes.length && at < 700; at += size) {
          if (move.kind === "passed" || move.kind === "failed") break;
          move = talk.hear(bytes.subarray(at, at + size));
        }
        if (move.kind !== "passed" && move.kind !== "failed") move = talk.hearEnd();
        if (move.kind !== "failed") continue;
        expect(move.reason).not.toMatch(/\p{Cc}/u);
        expect(move.reason.length).toBeLessThan(300);
      }
    }
  });
});

test("a config", () => {
  fuzz(seeds.config, RUNS / 10, (bytes) => {
    const result = parseConfig(bytes, "fuzz.yaml");
    if (result.kind === "valid") return;
    for (const { line, column, message } of result.errors) {
      expect([line >= 1, column >= 1, message !== ""]).toEqual([true, true, true]);
    }
    expect(result.errors.length).toBeGreaterThan(0);
  });
});

test("a config of another balancer: what is made of it is one of bal's", () => {
  const sources = { file: "fuzz.cfg", include: () => null, variables: new Map() };
  fuzz(seeds.foreign, RUNS / 10, (bytes) => {
    const text = new TextDecoder().decode(bytes);
    recogniseForeignConfig(text);
    const yaml = importConfig(text, sources)?.yaml ?? null;
    if (yaml === null) return;
    const made = parseConfig(Buffer.from(yaml), "made.yaml");
    // What stands twice in the other program's file is for a person to decide.
    const wrong = made.kind === "valid" ? [] : made.errors;
    expect(wrong.filter(({ code }) => !code.startsWith("duplicate-"))).toEqual([]);
  });
});
