// Both logs together: what is said of lines that were lost, and that a reload is whole or nothing.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogConfig } from "../../../src/config/config.ts";
import { Logs } from "../../../src/control/logs/logs.ts";
import { temporaryHome } from "../../support/bal.ts";
import { pipeIn } from "../../support/named-pipe.ts";
import { until } from "../../support/until.ts";

const off = { mode: "off", file: null, format: "json", fields: [] } as const;
const all = (file: string) => ({ ...off, mode: "all", file }) as const;

function config(over: Partial<LogConfig>): LogConfig {
  return { level: "info", format: "json", file: null, access: off, ...over };
}

function logsIn(folder: string, over: Partial<LogConfig>) {
  const configFile = join(folder, "config.yaml");
  return new Logs(config(over), { configFile, home: null, level: undefined });
}

const lines = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

test("bal's own log says how many lines it has lost, once it can", async () => {
  using folder = temporaryHome();
  const pipe = pipeIn(folder.path);
  const logs = logsIn(folder.path, { file: "pipe" });
  const count = 4000;
  for (let i = 0; i < count; i++) logs.log.info("filler", "x".repeat(1000));
  const lost = logs.dropped;
  expect(lost).toBeGreaterThan(1000);
  let text = "";
  await until("it says so", () => {
    text += pipe.read();
    return text.includes('"event":"lines-lost"');
  });
  const all = lines(text);
  expect(all.filter(({ event }) => event === "filler")).toHaveLength(count - lost);
  expect(all.at(-1)).toMatchObject({
    level: "warn",
    message: `${lost} lines of this log were lost`,
    count: lost,
    total: lost,
  });
  expect(logs.dropped).toBe(lost);
  pipe.close();
});

test("lines of the access log that are lost are told in bal's own, at the latest by a flush", async () => {
  using folder = temporaryHome();
  const logs = logsIn(folder.path, { file: "own.log", access: all("/dev/full") });
  logs.take({ kind: "access", file: "/dev/full", lines: 3, text: "a\nb\nc" });
  await logs.flush();
  expect(lines(readFileSync(join(folder.path, "own.log"), "utf8"))).toMatchObject([
    { event: "access-lines-lost", count: 3, total: 3, reason: "ENOSPC" },
  ]);
  expect(logs.dropped).toBe(3);
});

test("a reload that is refused leaves both logs as they were", async () => {
  using folder = temporaryHome();
  const logs = logsIn(folder.path, { file: "own.log", access: all("a.log") });
  const refused = [
    config({ file: "no/own.log", access: all("b.log") }),
    config({ file: "other.log", access: all("no/b.log") }),
  ];
  for (const next of refused) {
    expect(() => logs.move(next)).toThrow(expect.objectContaining({ code: "log-not-writable" }));
  }
  logs.move(config({ file: "third.log", access: all("c.log") })).undo();
  logs.log.info("event", "still here");
  logs.take({ kind: "access", file: "a.log", lines: 1, text: "and here" });
  await logs.flush();
  const textOf = (name: string) => readFileSync(join(folder.path, name), "utf8");
  expect(textOf("own.log")).toContain("still here");
  expect(textOf("a.log")).toBe("and here\n");
  for (const name of readdirSync(folder.path)) {
    if (!["own.log", "a.log"].includes(name)) expect([name, textOf(name)]).toEqual([name, ""]);
  }
});

test("lines that were made for the file before go there, before and after the reload", async () => {
  using folder = temporaryHome();
  const logs = logsIn(folder.path, { file: "own.log", access: all("a.log") });
  const line = (file: string, text: string) => ({ kind: "access", file, lines: 1, text }) as const;
  const move = logs.move(config({ file: "own.log", access: all("b.log") }));
  logs.take(line("b.log", "early"));
  logs.take(line("a.log", "old"));
  move.commit();
  logs.take(line("a.log", "late"));
  logs.take(line("b.log", "new"));
  await logs.flush();
  const textOf = (name: string) => readFileSync(join(folder.path, name), "utf8");
  expect([textOf("a.log"), textOf("b.log")]).toEqual(["old\nlate\n", "early\nnew\n"]);
});
