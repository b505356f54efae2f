// Anchors, aliases and merge keys: what a file repeats, it may say once.
import { describe, expect, test } from "bun:test";
import { type Expected, errorsOf, expectFindings, parse } from "../../support/findings.ts";

/** The backends of the first pool. */
function backendsOf(text: string) {
  const result = parse(text);
  expect(errorsOf(result)).toEqual([]);
  return result.kind === "valid" ? result.config.pools[0]!.backends : [];
}

describe("a merge key", () => {
  const weights = (...items: string[]) =>
    backendsOf(
      `x-a: &a {weight: 2}\nx-b: &b {weight: 3, max_connections: 7}\nbackends:\n${items.map((item, n) => `  - {host: h${n}, port: 1, ${item}}\n`).join("")}`,
    ).map(({ weight, maxConnections }) => [weight, maxConnections]);

  test("brings what its map has not, wherever it stands in it", () => {
    expect(weights("<<: *a", "weight: 9, <<: *a", "<<: *a, weight: 9")).toEqual([
      [2, 0],
      [9, 0],
      [9, 0],
    ]);
  });

  test("takes a list, of which the first that has a key wins", () => {
    expect(weights("<<: [*a, *b]", "<<: [*b, *a]", "<<: [{weight: 5}, *b]")).toEqual([
      [2, 7],
      [3, 7],
      [5, 7],
    ]);
  });

  test("may be in what is merged, and go round", () => {
    const text = `x-a: &a {weight: 2}\nx-b: &b {<<: *a, max_connections: 7}\nx-c: &c {<<: *c, weight: 3}\n`;
    const backends = backendsOf(
      `${text}backends: [{host: a, port: 1, <<: *b}, {host: b, port: 1}]\n`,
    );
    expect(backends[0]).toMatchObject({ weight: 2, maxConnections: 7 });
  });

  test("in quotes is a key like any other", () => {
    const errors = errorsOf(parse('backends: [{host: a, port: 1, "<<": {weight: 2}}]'));
    expect(errors.map(({ code }) => code)).toEqual(["unknown-key"]);
  });

  test("brings several pools the same, with the mistake in it told once, where it is", () => {
    const text = `x-pool: &pool
  method: rondom
  backends: [{host: a, port: 1}, {host: b, port: 1}]
listeners:
  - {name: l, port: 1, pool: p}
  - {name: m, port: 2, pool: q}
pools:
  p: {<<: *pool}
  q: {<<: *pool}
`;
    expectFindings(errorsOf(parse(text)), [["2:11", "pools.p.method", "not-allowed", "random"]]);
  });

  const refused: readonly (readonly [text: string, ...errors: Expected[]])[] = [
    ["<<: *a", ["1:35", "backends[0].<<", "bad-merge", "no anchor `&a`"]],
    ["<<: 1", ["1:35", "backends[0].<<", "bad-merge", "<<: *name"]],
    ["<<: [1]", ["1:36", "backends[0].<<", "bad-merge"]],
    ["<<: {wieght: 2}", ["1:36", "backends[0].wieght", "unknown-key", "weight"]],
  ];
  test.each(refused)("is refused as %s", (text, ...errors) => {
    expectFindings(errorsOf(parse(`backends: [{host: a, port: 1, ${text}}]`)), errors);
  });
});

describe("a key that begins with x- at the top", () => {
  test("may hold whatever there is, and none further down", () => {
    expect(backendsOf("x-note: [1, {a: b}]\nbackends: [{host: a, port: 1}]")).toHaveLength(1);
    const errors = errorsOf(parse("backends: [{host: a, port: 1, x-note: 1}]"));
    expect(errors.map(({ code }) => code)).toEqual(["unknown-key"]);
  });

  test("is no place for what the rest needs", () => {
    const errors = errorsOf(parse("x-backends: [{host: a, port: 1}]"));
    expect(errors.map(({ code }) => code)).toEqual(["missing-key"]);
  });
});

describe("aliases", () => {
  test("may be as many as there are backends", () => {
    const items = Array.from({ length: 4096 }, (_, n) => `  - {host: h${n}, port: *port}\n`);
    expect(backendsOf(`x-port: &port 80\nbackends:\n${items.join("")}`)).toHaveLength(4096);
  });

  test("stand for the last anchor of their name before them", () => {
    const text =
      "x-a: &a {weight: 2}\nx-b: &a {weight: 3}\nbackends: [{host: a, port: 1, <<: *a}]\n";
    expect(backendsOf(text)[0]?.weight).toBe(3);
  });

  test("stand for 100,000 values at most", () => {
    const nets = Array.from({ length: 9000 }, (_, n) => `10.${n >> 8}.${n & 255}.0`).join(", ");
    const listeners = Array.from(
      { length: 12 },
      (_, n) => `  - {name: l${n}, port: ${n + 1}, pool: p, deny: *nets}\n`,
    );
    const pools = "pools: {p: {backends: [{host: a, port: 1}]}}\n";
    const text = `x-nets: &nets [${nets}]\nlisteners:\n${listeners.join("")}${pools}`;
    const errors = errorsOf(parse(text)).filter(({ code }) => code === "too-many-aliases");
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toContain("more than 100000 values");
  });
});
