// The lines of the access log: both forms, the choice of fields, and that a line stays one.
import { expect, test } from "bun:test";
import type { AccessField } from "../../src/config/config.ts";
import { ACCESS_FIELDS } from "../../src/config/schema/schema-log.ts";
import { type AccessRecord, lineMaker } from "../../src/shared/access-line.ts";

const record: AccessRecord = {
  endedAtMs: Date.UTC(2026, 10, 23, 8, 15, 2, 417),
  listener: "edge",
  client: "203.0.113.9:50123",
  sni: "shop.example",
  pool: "web",
  backend: "10.0.0.1:443",
  attempts: 2,
  queueMs: 0,
  dialMs: 0.41249,
  firstByteMs: 3.0016,
  durationMs: 61_254.2,
  bytesUp: 517,
  bytesDown: 48_213,
  end: "finished",
};

const refused: AccessRecord = {
  ...record,
  sni: null,
  backend: null,
  attempts: null,
  queueMs: null,
  dialMs: null,
  firstByteMs: null,
  durationMs: 0,
  bytesUp: 0,
  bytesDown: 0,
  end: "rateClient",
};

const json = (fields: readonly AccessField[] = ACCESS_FIELDS) =>
  lineMaker({ format: "json", fields });
const text = (fields: readonly AccessField[] = ACCESS_FIELDS) =>
  lineMaker({ format: "text", fields });

test("JSON has every field, in their order, and null for what there is not", () => {
  expect(json()(record)).toBe(
    '{"time":"2026-11-23T08:15:02.417Z","listener":"edge","client":"203.0.113.9:50123",' +
      '"sni":"shop.example","pool":"web","backend":"10.0.0.1:443","attempts":2,"queue_ms":0,' +
      '"dial_ms":0.412,"first_byte_ms":3.002,"duration_ms":61254.2,"bytes_up":517,' +
      '"bytes_down":48213,"end":"--","reason":"finished"}',
  );
  expect(JSON.parse(json()(refused))).toMatchObject({
    sni: null,
    backend: null,
    attempts: null,
    queue_ms: null,
    dial_ms: null,
    first_byte_ms: null,
    duration_ms: 0,
    end: "PA",
    reason: "rate_client",
  });
});

test("text has the values alone, and - for what there is not", () => {
  expect(text()(record)).toBe(
    "2026-11-23T08:15:02.417Z edge 203.0.113.9:50123 shop.example web 10.0.0.1:443 2 0 0.412 3.002 61254.2 517 48213 -- finished",
  );
  expect(text()(refused)).toBe(
    "2026-11-23T08:15:02.417Z edge 203.0.113.9:50123 - web - - - - - 0 0 0 PA rate_client",
  );
});

test("only the fields that the config names, in its order", () => {
  expect(json(["end", "client"])(record)).toBe('{"end":"--","client":"203.0.113.9:50123"}');
  expect(text(["bytes_down", "time"])(record)).toBe("48213 2026-11-23T08:15:02.417Z");
});

test("a line stays one, and a value one, whatever is in it", () => {
  const odd = { ...record, backend: 'unix:/run/my "app"\n\\.sock', sni: "ü\u2028\u0007" };
  const line = json(["backend", "sni"])(odd);
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toEqual({ backend: odd.backend, sni: odd.sni });
  expect(text(["backend", "sni", "end"])(odd)).toBe(
    'unix:/run/my\\x20"app"\\x0a\\x5c.sock \\xc3\\xbc\\xe2\\x80\\xa8\\x07 --',
  );
});
