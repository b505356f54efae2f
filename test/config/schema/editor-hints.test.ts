// The JSON Schema's hints for editors, beside the allowed values.
import { expect, test } from "bun:test";
import { jsonSchema } from "../../../src/config/schema/json-schema.ts";

type Node = Readonly<Record<string, any>>;

function nodesOf(value: unknown): readonly Node[] {
  if (typeof value !== "object" || value === null) return [];
  return [value as Node, ...Object.values(value).flatMap(nodesOf)];
}

const nodes = nodesOf(jsonSchema());

test("each value that has words has its own", () => {
  const described = nodes.filter((node) => node.enumDescriptions !== undefined);
  expect(described.length).toBeGreaterThan(8);
  for (const { enum: values, enumDescriptions, markdownEnumDescriptions } of described) {
    expect(enumDescriptions).toHaveLength(values.length);
    expect(enumDescriptions.every((words: string) => words !== "")).toBe(true);
    expect(markdownEnumDescriptions).toEqual(enumDescriptions);
  }
});

test("a key shows its default and a link, and an old one says what it is now", () => {
  const { timeouts, log_level } = jsonSchema().properties as Node;
  for (const text of ["description", "markdownDescription"]) {
    expect(timeouts.properties.idle[text]).toMatch(/Default: `?1h`?\./);
    expect(timeouts.properties.idle[text]).toContain("docs/config.md");
  }
  expect(log_level).toMatchObject({
    deprecated: true,
    deprecationMessage: "a key of the Rust program: now log.level",
  });
});
