import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogConfig } from "../../../src/config/config.ts";
import { checkLogs } from "../../../src/control/doctor/logs-check.ts";
import { temporaryHome } from "../../support/bal.ts";

const off = { mode: "off", file: null, format: "json", fields: [] } as const;

function found(folder: string, over: Partial<LogConfig>): readonly string[] {
  const config = { level: "info", format: "auto", file: null, access: off, ...over } as const;
  return checkLogs(config, join(folder, "config.yaml")).map(
    ({ level, message }) => `${level}: ${message.replaceAll(folder, "HOME")}`,
  );
}

test("without files there is nothing to look at, and a log that is off is not looked at", () => {
  using home = temporaryHome();
  expect(found(home.path, {})).toEqual([]);
  expect(found(home.path, { access: { ...off, file: "nowhere/a.log" } })).toEqual([]);
});

test("files that are there or can be made are in order, and none is made", () => {
  using home = temporaryHome();
  writeFileSync(join(home.path, "a.log"), "");
  const access = { ...off, mode: "all", file: "a.log" } as const;
  expect(found(home.path, { file: "bal.log", access })).toEqual([
    "ok: the log files can be written",
  ]);
  expect(readdirSync(home.path)).toEqual(["a.log"]);
});

test("a folder that is not there, and one in the place of a file", () => {
  using home = temporaryHome();
  mkdirSync(join(home.path, "a.log"));
  const access = { ...off, mode: "errors", file: "a.log" } as const;
  expect(found(home.path, { file: "nowhere/bal.log", access })).toEqual([
    "broken: HOME/nowhere, the folder of a log, does not exist",
    "broken: the log HOME/a.log cannot be written: it is a folder",
  ]);
});

test.skipIf(process.getuid?.() === 0)("a folder that may not be written [not for root]", () => {
  expect(found("/", { file: "bal.log" })).toEqual([
    "broken: the log /bal.log cannot be written: EACCES",
  ]);
});
