// `option httpchk` and `http-check` lines → a check of type http or https.
import { isHostname, parseIp } from "../../../base/address.ts";
import { statusRanges } from "../draft/check-bytes.ts";
import type { Notebook } from "../draft/note.ts";
import { type Traced, traced, type Value } from "../draft/traced.ts";
import type { Line } from "./lexer.ts";
import { literalOf } from "./tcp-check.ts";
import { regexOf } from "./tests.ts";

type Request = {
  method: Traced | null;
  path: Traced | null;
  headers: Map<string, Traced>;
};

export type HttpCheck = {
  readonly keys: Readonly<Record<string, Value>>;
  readonly port: number | null;
  readonly isTls: boolean;
  readonly serverName: string | null;
};

export function readHttpCheck(option: Line, lines: readonly Line[], notes: Notebook): HttpCheck {
  const request: Request = { method: null, path: null, headers: new Map() };
  readOption(option, request);
  const connect = { port: null as number | null, isTls: false, serverName: null as string | null };
  let expect: Record<string, Value> = {};
  for (const line of lines) {
    const [, verb = "", ...rest] = line.words;
    if (verb === "send") readSend(line, { request, notes });
    else if (verb === "expect") expect = { ...expect, ...readExpect(line, rest, notes) };
    else if (verb === "connect") {
      connect.port = Number(after(rest, "port")) || null;
      connect.isTls = rest.includes("ssl");
      connect.serverName = after(rest, "sni");
    } else if (verb === "comment" || verb === "send-state") {
      notes.needless(line, "bal sends the backend nothing but the request");
    } else notes.lost(line, "bal's check passes or fails by the status of one request");
  }
  return { ...connect, keys: { ...requestKeys(request, { option, notes }), ...expect } };
}

function after(words: readonly string[], word: string): string | null {
  const at = words.indexOf(word);
  return at < 0 ? null : (words[at + 1] ?? null);
}

// `option httpchk [METHOD] PATH [VERSION\r\nHEADER:\ VALUE…]`
function readOption(line: Line, request: Request): void {
  const [, , ...args] = line.words;
  const hasMethod = args.length > 1 || /^[A-Z]+$/.test(args[0] ?? "");
  const [method, path, version = ""] = hasMethod ? args : [undefined, ...args];
  if (method !== undefined) request.method = traced(method, line);
  if (path !== undefined) request.path = traced(path, line);
  for (const header of version.split(/\r\n/).slice(1)) {
    const [, name, value = ""] = /^([^:]+):\s*(.*)$/.exec(header) ?? [];
    if (name !== undefined) request.headers.set(name, traced(value.trim(), line));
  }
}

type Sending = { readonly request: Request; readonly notes: Notebook };

function readSend(line: Line, { request, notes }: Sending): void {
  const words = line.words.slice(2);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const value = words[at + 1] ?? "";
    at++;
    if (word === "meth") request.method = traced(value, line);
    else if (word === "uri") request.path = traced(value, line);
    else if (word === "hdr") request.headers.set(value, traced(words[++at] ?? "", line));
    else if (word === "body" || word === "body-lf" || word === "uri-lf") {
      notes.lost(
        { ...line, text: `${word} ${value}` },
        "the check's request has no body and no variables",
      );
    }
  }
}

const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT"];

type Asking = { readonly option: Line; readonly notes: Notebook };

function requestKeys({ method, path, headers }: Request, { option, notes }: Asking) {
  const keys: Record<string, Value> = {};
  const verb = String(method?.value ?? "OPTIONS");
  if (verb !== "GET") {
    if (METHODS.includes(verb)) keys.method = method ?? traced(verb, option);
    else notes.differs(option, `HAProxy asks with ${verb}, bal with GET`);
  }
  if (path !== null && path.value !== "/") {
    const target = String(path.value);
    if (/^\/[!-~]{0,1023}$/.test(target)) keys.path = path;
    else notes.lost(option, "a path begins with `/`");
  }
  const others: Record<string, Value> = {};
  for (const [name, value] of headers) {
    const text = String(value.value);
    const isHost = name.toLowerCase() === "host";
    if (isHost && (isHostname(text) || parseIp(text) !== null)) keys.host = value;
    else if (["connection", "user-agent", "content-length"].includes(name.toLowerCase())) {
      notes.needless(value.from[0] ?? option, `bal sends its own \`${name}\` header`);
    } else if (text !== "") others[name] = value;
    else notes.lost(value.from[0] ?? option, "a header without a value is not sent");
  }
  return Object.keys(others).length > 0 ? { ...keys, headers: others } : keys;
}

function readExpect(line: Line, words: readonly string[], notes: Notebook): Record<string, Value> {
  const at = words.findIndex((word) => /^(?:!|r?status|r?string|f?hdr)$/.test(word));
  const isNegated = words[at] === "!";
  const [match = "", ...patterns] = words.slice(isNegated ? at + 1 : at);
  const pattern = patterns.filter((word) => word !== "").join(" ");
  if (match === "status" || match === "rstatus") {
    const passes = match === "status" ? listed(pattern) : matched(pattern);
    const ranges = statusRanges((status) => passes(status) !== isNegated);
    if (ranges !== "") return { expect: traced(ranges, line) };
  }
  const text =
    match === "string" ? pattern : match === "rstring" ? literalOf(pattern)?.bytes : null;
  if (text && !isNegated) {
    return { expect: traced("100-599", line), contains: traced(text, line) };
  }
  notes.lost(
    line,
    "bal looks at the status, and for a text in the body: this is neither, so that 200-399 passes",
  );
  return {};
}

function listed(pattern: string): (status: string) => boolean {
  const ranges = pattern.split(/[\s,]+/).map((part) => {
    const [from, to = from] = part.split("-").map(Number);
    return { from: from ?? 0, to: to ?? 0 };
  });
  return (status) => ranges.some(({ from, to }) => Number(status) >= from && Number(status) <= to);
}

function matched(pattern: string): (status: string) => boolean {
  const regex = regexOf(pattern);
  return (status) => regex?.test(status) === true;
}
