import { describe, expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import { constants } from "node:os";
import {
  classifyDialError,
  codeOf,
  errnoCode,
  isLocalError,
  localErrorRemedy,
} from "../../src/base/os-error.ts";

const LOCAL = [
  "EADDRNOTAVAIL",
  "EAGAIN",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EPERM",
  "EACCES",
];

describe("an errno", () => {
  test("is called what this system calls it", () => {
    const known = Object.entries(constants.errno).filter(
      ([, errno]) => !errnoCode(errno).startsWith("errno "),
    );
    expect(known.length).toBeGreaterThan(20);
    // EAGAIN and EWOULDBLOCK are one number (errno(3)).
    for (const [code, errno] of known) {
      if (code !== "EWOULDBLOCK") expect(errnoCode(errno)).toBe(code);
    }
  });

  test("may come negative, as a system call returns it", () => {
    expect(errnoCode(-111)).toBe("ECONNREFUSED");
  });

  test("that is not known is told as its number", () => {
    expect(errnoCode(-4095)).toBe("errno 4095");
  });
});

describe("the code of what was thrown", () => {
  test.each([
    ["an error's", Object.assign(new Error("x"), { code: "EPIPE" }), "EPIPE"],
    ["an object's", { code: "EPIPE" }, "EPIPE"],
    ["none of a number", { code: 32 }, null],
    ["none of an error's text", new Error("EPIPE"), null],
    ["none of a string", "EPIPE", null],
    ["none of null", null, null],
    ["none of undefined", undefined, null],
  ] as const)("is %s", (_, error, code) => {
    expect(codeOf(error)).toBe(code);
  });
});

describe("a failed dial", () => {
  test.each([
    ["ECONNREFUSED", "refused"],
    ["ENETUNREACH", "unreachable"],
    ["EHOSTUNREACH", "unreachable"],
    ["EHOSTDOWN", "unreachable"],
    ["ENETDOWN", "unreachable"],
    ["ENOENT", "unreachable"],
    ["ENOTDIR", "unreachable"],
    ["ETIMEDOUT", "timeout"],
    ["ECONNRESET", "reset"],
    ["EINVAL", "other"],
    ["no such code", "other"],
    ["", "other"],
  ] as const)("with %p counts as %p, against the backend", (code, counted) => {
    expect(classifyDialError(code)).toBe(counted);
    expect(isLocalError(code)).toBe(false);
  });

  test.each(LOCAL)("with %p is our own host's trouble", (code) => {
    expect(classifyDialError(code)).toBe("local");
    expect(isLocalError(code)).toBe(true);
  });

  test("of a real socket is told by its code", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    const error = await new Promise((done) => connect(port, "127.0.0.1").once("error", done));
    expect(classifyDialError(codeOf(error) ?? "")).toBe("refused");
  });
});

describe("the remedy of a local error", () => {
  test.each([
    ["EADDRNOTAVAIL", "ip_local_port_range"],
    ["EMFILE", "LimitNOFILE"],
    ["ENFILE", "fs.file-max"],
    ["ENOBUFS", "tcp_mem"],
    ["ENOMEM", "tcp_mem"],
    ["EPERM", "firewall"],
    ["EACCES", "firewall"],
    ["EAGAIN", "tries again"],
  ])("%p names %p", (code, word) => {
    expect(LOCAL).toContain(code);
    expect(localErrorRemedy(code)).toContain(word);
  });
});
