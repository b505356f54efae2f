// Where the logs go and what the access log tells, as it is written.
import { describe, expect, test } from "bun:test";
import type { LogConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { ACCESS_FIELDS } from "../../src/config/schema/schema-log.ts";
import { type Expected, errorsOf, expectFindings, parse } from "../support/findings.ts";

const BACKENDS = "backends: [{host: a, port: 1}]";

function logOf(text: string): LogConfig {
  const result = parse(`${text}\n${BACKENDS}`);
  if (result.kind === "invalid") throw new Error(JSON.stringify(result.errors));
  return result.config.log;
}

const off = { mode: "off", file: null, format: "json", fields: ACCESS_FIELDS } as const;

test.each([
  ["", { level: "info", format: "auto", file: null, access: off }],
  [
    "log: {file: logs/bal.log}",
    { level: "info", format: "auto", file: "logs/bal.log", access: off },
  ],
])("%j is the log %j", (text, log) => {
  expect(logOf(text)).toEqual(log as LogConfig);
});

test.each([
  ["off", off],
  ['"off"', off],
  ["errors", { ...off, mode: "errors" }],
  ["all", { ...off, mode: "all" }],
  ["{mode: off}", off],
  ["{mode: all, file: null}", { ...off, mode: "all" }],
  [
    "{mode: errors, file: /var/log/bal/access.log, format: text, fields: [end, client]}",
    {
      mode: "errors",
      file: "/var/log/bal/access.log",
      format: "text",
      fields: ["end", "client"],
    },
  ],
])("`access: %s` is %j", (written, access) => {
  expect(logOf(`log: {access: ${written}}`).access).toEqual(access as LogConfig["access"]);
});

test("an unquoted `off` is the word where YAML 1.1 makes it a boolean", () => {
  const text = `%YAML 1.1\n---\nlog: {access: off}\n${BACKENDS}`;
  expect(parse(text)).toMatchObject({ kind: "valid", config: { log: { access: off } } });
});

describe("is refused, with what is allowed", () => {
  const own = "file: x.log, access: {mode: all, file:";
  const rows: readonly (readonly [string, ...Expected[]])[] = [
    ["access: al", ["1:15", "log.access", "not-allowed", "off, errors, all", "did you mean `all`"]],
    ["access: true", ["1:15", "log.access", "not-allowed", "off, errors, all"]],
    ["access: [all]", ["1:15", "log.access", "wrong-type", "off, errors, all", "a list"]],
    ["access:", ["1:14", "log.access", "not-allowed", "nothing is", "off, errors, all"]],
    ["access: {file: a.log}", ["1:15", "log.access", "missing-key", "`mode` is missing"]],
    ["access: {mode: on}", ["1:22", "log.access.mode", "not-allowed"]],
    ["access: {mode: all, fiel: a}", ["1:27", "log.access.fiel", "unknown-key", "`file`"]],
    ["access: {mode: all, file: 1}", ["1:33", "log.access.file", "wrong-type", "path of a file"]],
    ["access: {mode: all, format: pretty}", ["1:35", "log.access.format", "not-allowed", "text"]],
    [
      "access: {mode: all, fields: [clinet]}",
      ["1:36", "log.access.fields[0]", "not-allowed", "did you mean `client`"],
    ],
    ["access: {mode: all, fields: end}", ["1:35", "log.access.fields", "wrong-type", "a list"]],
    ["access: {mode: all, fields: []}", ["1:35", "log.access.fields", "empty-list"]],
    [
      "access: {mode: all, fields: [end, time, end]}",
      ["1:47", "log.access.fields[2]", "duplicate-field", "`end` is written twice"],
    ],
    ["file: 7", ["1:13", "log.file", "wrong-type", "path of a file"]],
    [`${own} x.log}`, ["1:46", "log.access.file", "duplicate-file", "log.file", "another file"]],
    [`${own} ./logs/../x.log}`, ["1:46", "log.access.file", "duplicate-file"]],
    ["file: ./config.yaml", ["1:13", "log.file", "duplicate-file", "this config"]],
    [
      "access: {mode: all, file: config.yaml}",
      ["1:33", "log.access.file", "duplicate-file", "this config"],
    ],
  ];

  test.each(rows.map(([text, ...errors]) => [text, errors] as const))(
    "log: {%s}",
    (text, errors) => {
      expectFindings(errorsOf(parse(`log: {${text}}\n${BACKENDS}`)), errors);
    },
  );
});

test("a relative path and an absolute one may be the same file", () => {
  const log = "{file: bal.log, access: {mode: all, file: /etc/bal/bal.log}}";
  const source = new TextEncoder().encode(`log: ${log}\n${BACKENDS}`);
  expect(parseConfig(source, "/etc/bal/config.yaml").kind).toBe("invalid");
  expect(parseConfig(source, "/etc/config.yaml").kind).toBe("valid");
});

test("both may go to one device", () => {
  expect(logOf("log: {file: /dev/stdout, access: {mode: all, file: /dev/stdout}}")).toMatchObject({
    file: "/dev/stdout",
  });
});
