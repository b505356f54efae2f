import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findConfig, loadConfig } from "../../src/config/load.ts";

const TEXT = "backends: [{host: a, port: 1}, {host: b, port: 2}]\n";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-load-"));
  writeFileSync(join(folder, "config.yaml"), TEXT);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function errorOf(path: string) {
  const result = await loadConfig(path);
  const errors = result.kind === "invalid" ? result.errors : [];
  expect(errors).toHaveLength(1);
  return { ...errors[0]!, source: result.source };
}

describe("loading a file", () => {
  test("gives the config and the text", async () => {
    const result = await loadConfig(join(folder, "config.yaml"));
    expect(result).toMatchObject({ kind: "valid", warnings: [], source: TEXT });
  });

  test.each([
    ["that is not there", "none.yaml", "there is no such file"],
    ["that is a folder", ".", "it is a folder"],
    ["below a file", "config.yaml/config.yaml", "ENOTDIR"],
  ])("%s is told as a finding", async (_, name, reason) => {
    const path = join(folder, name);
    expect(await errorOf(path)).toEqual({
      severity: "error",
      file: path,
      line: 1,
      column: 1,
      path: "",
      code: "unreadable",
      message: `cannot read the config: ${reason}`,
      source: "",
    });
  });

  test("of terabytes, or without an end, stops at what is allowed", async () => {
    const huge = join(folder, "huge.yaml");
    writeFileSync(huge, TEXT);
    truncateSync(huge, 2 ** 40);
    expect(await errorOf(huge)).toMatchObject({ code: "file-too-large", source: "" });
    expect(await errorOf("/dev/zero")).toMatchObject({ code: "file-too-large", source: "" });
  });

  test("that is empty is a finding, too", async () => {
    expect(await errorOf("/dev/null")).toMatchObject({ code: "wrong-type", line: 1, column: 1 });
  });
});

describe("the config that is meant", () => {
  test("is the one that was asked for, there or not", () => {
    expect(findConfig("else.yaml", folder)).toBe("else.yaml");
  });

  test("is the home's when there is one", () => {
    expect(findConfig(undefined, folder)).toBe(join(folder, "config.yaml"));
  });

  test("is not the home's when that has none", () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect(findConfig(undefined, empty)).toBe(findConfig(undefined, null));
  });
});
