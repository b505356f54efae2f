// Connects that fail, by what the kernel says: on real sockets.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoCode } from "../../src/base/os-error.ts";
import { connectTo, type SocketHandlers } from "../../src/os/connect.ts";
import { listeningUnix } from "../support/listening.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-connect-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const nothing = () => {};
const handlers: SocketHandlers<null> = {
  ...{ open: nothing, drain: nothing, data: nothing, end: nothing },
  ...{ close: nothing, error: nothing },
};

/** The errno's word; "" when it is under way. */
function connectUnix(path: string): string {
  const errno = connectTo({ endpoint: { family: "unix", path }, handlers, data: null });
  return errno === 0 ? "" : errnoCode(errno);
}

describe("a unix socket", () => {
  test("whose queue is full refuses: its backend is busy, not this host", () => {
    const path = join(folder, "full.sock");
    using _ = listeningUnix(path, 1);
    const said = Array.from({ length: 4 }, () => connectUnix(path));
    expect(said).toEqual(["", "", "ECONNREFUSED", "ECONNREFUSED"]);
  });

  test("that nobody listens on refuses", () => {
    const path = join(folder, "stale.sock");
    listeningUnix(path)[Symbol.dispose]();
    expect(connectUnix(path)).toBe("ECONNREFUSED");
    expect(connectUnix("@bal-nobody")).toBe("ECONNREFUSED");
  });

  test("that is not there is not there", () => {
    writeFileSync(join(folder, "file"), "");
    expect(connectUnix(join(folder, "none.sock"))).toBe("ENOENT");
    expect(connectUnix(join(folder, "file", "none.sock"))).toBe("ENOTDIR");
    expect(connectUnix(join(folder, "file"))).toBe("ECONNREFUSED");
  });

  test("whose path no address can hold is refused before anything is opened", () => {
    expect(connectUnix(`/${"a".repeat(200)}`)).toBe("EINVAL");
  });
});
