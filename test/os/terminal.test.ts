// Recognises terminals among descriptors.
import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { isTerminal } from "../../src/os/terminal.ts";

test.each(["/dev/null", "/dev/zero", import.meta.path])("%s is none", (path) => {
  const fd = openSync(path, "r");
  try {
    expect(isTerminal(fd)).toBe(false);
  } finally {
    closeSync(fd);
  }
});

test("a descriptor that is closed is none", () => {
  expect(isTerminal(987)).toBe(false);
});

test.skipIf(process.platform !== "linux")("the end of a pseudo-terminal is one", () => {
  const fd = openSync("/dev/ptmx", "r+");
  try {
    expect(isTerminal(fd)).toBe(true);
  } finally {
    closeSync(fd);
  }
});
