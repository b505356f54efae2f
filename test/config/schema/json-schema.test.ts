// The JSON Schema against a validator of its own, and against what `bal check` says.
import { describe, expect, test } from "bun:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { parse as parseYaml } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import { jsonSchema } from "../../../src/config/schema/json-schema.ts";
import { template } from "../../../src/config/template.ts";
import { writtenConfig } from "../../support/arbitrary-config.ts";
import { parse } from "../../support/findings.ts";
import { configWith, places } from "../../support/schema-walk.ts";
import { yamlBlocks } from "../../support/yaml-blocks.ts";

// `required` stands beside `properties` that are false.
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
ajv.addVocabulary([
  "patternErrorMessage",
  "defaultSnippets",
  "deprecationMessage",
  "enumDescriptions",
  "markdownDescription",
  "markdownEnumDescriptions",
]);
const validate = ajv.compile(jsonSchema());

/** What is against it, as `path: keyword`. */
function findings(config: unknown): readonly string[] {
  validate(config);
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath}: ${keyword}`);
}

const BACKENDS = "backends: [{host: a, port: 1}, {host: b, port: 2}]";
const FULL = `listeners: [{name: l, port: 1, pool: web}]\npools: {web: {${BACKENDS}}}`;

describe("it allows", () => {
  test.each(yamlBlocks().map((block) => [`${block.page}:${block.line}`, block] as const))(
    "the config in %s, as check does",
    (_, { text }) => {
      expect(findings(parseYaml(text, { merge: true }))).toEqual([]);
      expect(parse(text).kind).toBe("valid");
    },
  );

  test("the config to begin with", () => {
    expect(findings(parseYaml(template))).toEqual([]);
  });

  test("whatever the table allows", () => {
    fc.assert(
      fc.property(writtenConfig, (config) => {
        const written = JSON.parse(JSON.stringify(config));
        if (parse(written).kind === "valid") expect(findings(written)).toEqual([]);
      }),
    );
  });

  test("every file with slips in it that check lets pass", () => {
    const slip = fc.tuple(fc.nat(template.length), fc.nat(12), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(slip, { maxLength: 3 }), (slips) => {
        const text = slips.reduce(
          (text, [at, removed, written]) => text.slice(0, at) + written + text.slice(at + removed),
          template,
        );
        if (parseConfig(Buffer.from(text), "x").kind === "invalid") return;
        expect(findings(parseYaml(text, { merge: true }))).toEqual([]);
      }),
    );
  });
});

describe("it refuses", () => {
  test.each([
    ["port: 80"],
    [`${BACKENDS}\nprot: 80`],
    [`${BACKENDS}\nport: 0`],
    [`${BACKENDS}\nport: "80"`],
    [`${BACKENDS}\nport: 80.5`],
    [`${BACKENDS}\nbind_address: localhost`],
    [`${BACKENDS}\nbind_address: 1.2.3.256`],
    [`${BACKENDS}\nmethod: round-robin`],
    [`${BACKENDS}\nworkers: many`],
    [`${BACKENDS}\nkeepalive: 60`],
    [`${BACKENDS}\ntimeouts: {connect: 0}`],
    [`${BACKENDS}\ntimeouts: {connect: 0s}`],
    [`${BACKENDS}\ntimeouts: {idle: 1 h}`],
    [`${BACKENDS}\ntimeouts: {idel: 1h}`],
    [`${BACKENDS}\ntimeouts:`],
    [`${BACKENDS}\nlimits: {max_buffered: 1MB}`],
    [`${BACKENDS}\nwatch: "yes"`],
    ["backends: [{host: 'a:80', port: 1}]"],
    ["backends: [{host: http://a, port: 1}]"],
    ["backends: [{host: 1.2.3, port: 1}]"],
    ["backends: [{host: a, port: 1, name: a b}]"],
    ["backends: {host: a, port: 1}"],
    [`${FULL}\nport: 80`],
    ["listeners: [{name: l, port: 1, pool: web}]"],
    [`pools: {web: {${BACKENDS}}}`],
    [FULL.replace("pool: web", "pool: a b")],
    [FULL.replace("{web:", "{a b:")],
    [FULL.replace("port: 1,", "port: 1, allow: [10.0.0.0/8/8],")],
    [FULL.replace("backends", "hash: {bounded: 150}, backends")],
  ])("%j, as check does", (text) => {
    expect(parse(text).kind).toBe("invalid");
    expect(findings(parseYaml(text, { merge: true }))).not.toEqual([]);
  });

  test("what is no value at all, wherever check does", () => {
    const configs = places().map((place) => [place.path, configWith(place, null)] as const);
    const refused = configs.filter(([, config]) => parse(config).kind === "invalid");
    const passed = refused.filter(([, config]) => findings(config).length === 0);
    expect(passed.map(([path]) => path)).toEqual([]);
    expect(refused.length).toBeGreaterThan(20);
  });
});

test("every key of the table has its words in it, and its default", () => {
  const keys: { description?: string; default?: unknown; deprecated?: boolean }[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("properties" in value && "additionalProperties" in value) {
      keys.push(...Object.values(value.properties as object));
    }
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(jsonSchema());
  expect(keys.length).toBe(places().length);
  expect(keys.filter(({ description }) => !description)).toEqual([]);
  const defaulted = places().filter((place) => place.default !== undefined);
  expect(keys.filter((key) => key.default !== undefined).length).toBe(defaulted.length);
  expect(keys.some(({ deprecated }) => deprecated)).toBe(true);
});
