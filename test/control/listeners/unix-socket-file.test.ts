// Unix sockets that bal listens on, and the files by which they are found.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ListenAddress } from "../../../src/base/listen-address.ts";
import type { ListenerConfig } from "../../../src/config/config.ts";
import { type Handed, InheritedSockets } from "../../../src/control/listeners/inherited-sockets.ts";
import { ListeningSockets } from "../../../src/control/listeners/listening-sockets.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { duplicate } from "../../../src/os/socket.ts";
import { listeningUnix } from "../../support/listening.ts";
import { silentLog } from "../../support/silent-log.ts";
import { connect } from "../../support/wire.ts";

let folder = "";
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bal-socket-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A path that nothing has. */
const fresh = () => join(folder, `${++made}.sock`);

const at = (path: string, mode: number | null = 0o660) => ({
  address: { kind: "unix", path, mode } satisfies ListenAddress,
});
const tuned = (path: string, mode: number) =>
  ({
    ...at(path, mode),
    isFastOpen: false,
    isDeferred: false,
    timeouts: { userMs: 0 },
  }) as unknown as ListenerConfig;

function opened(path: string, mode = 0o660, workers = 2): ListeningSockets {
  const sockets = new ListeningSockets(workers);
  sockets.openAll([at(path, mode)]);
  return sockets;
}

/** Another process's, that has inherited them. */
function heir(sockets: ListeningSockets, workers = 2): ListeningSockets {
  const handed: readonly Handed[] = sockets.all.map((one) => ({ ...one, fd: duplicate(one.fd) }));
  return new ListeningSockets(workers, new InheritedSockets(handed, silentLog()));
}

const modeAt = (path: string) => statSync(path).mode & 0o777;
describe.skipIf(!isLinux)("on Linux", () => {
  test.each([0o000, 0o600, 0o660, 0o666, 0o777])(
    "a file has its mode, %o, whatever the umask",
    (mode) => {
      for (const umask of [0o077, 0o000]) {
        const before = process.umask(umask);
        const path = fresh();
        const sockets = opened(path, mode);
        process.umask(before);
        expect(modeAt(path)).toBe(mode);
        sockets.keepOnly([]);
        expect(existsSync(path)).toBe(false);
      }
    },
  );

  test("all workers share one descriptor", () => {
    const path = fresh();
    const sockets = opened(path, 0o600, 3);
    const lent = [0, 1, 2].map((worker) => sockets.assignSockets(at(path).address, [worker]));
    expect(lent).toEqual([lent[0]!, lent[0]!, lent[0]!]);
    expect(sockets.assignSockets(at(path).address, [0, 1, 2])).toEqual(lent[0]!);
    sockets.keepOnly([]);
  });

  test("a mode that changes is a mode that is set, and nothing is bound anew", () => {
    const path = fresh();
    const sockets = opened(path, 0o600);
    const { ino } = statSync(path);
    sockets.openAll([at(path, 0o666)]);
    sockets.keepOnly([at(path, 0o666)]);
    sockets.tune([tuned(path, 0o666)]);
    expect([statSync(path).ino, modeAt(path)]).toEqual([ino, 0o666]);
    sockets.keepOnly([]);
  });

  test("what nobody answers on is removed", () => {
    const path = fresh();
    listeningUnix(path)[Symbol.dispose]();
    expect(modeAt(path)).not.toBe(0o660);
    const sockets = opened(path);
    expect(modeAt(path)).toBe(0o660);
    sockets.keepOnly([]);
  });

  test("what somebody answers on is in use, also when its queue is full", async () => {
    for (const backlog of [128, 0]) {
      const path = fresh();
      using _ = listeningUnix(path, backlog);
      using _client = await connect(path);
      expect(() => opened(path)).toThrow(`unix:${path} is already in use by another process`);
      expect(existsSync(path)).toBe(true);
    }
  });

  test("what is no socket is never removed, nor is what a link leads to", () => {
    const [file, link, target] = [fresh(), fresh(), fresh()];
    writeFileSync(file, "precious");
    listeningUnix(target)[Symbol.dispose]();
    symlinkSync(target, link);
    for (const path of [file, link]) {
      expect(() => opened(path)).toThrow(`${path} exists and is not a socket`);
    }
    expect([existsSync(file), existsSync(link), existsSync(target)]).toEqual([true, true, true]);
  });

  test("a folder that is not there, or may not be written, is told", () => {
    expect(() => opened(join(folder, "none/a.sock"))).toThrow("the folder of");
    const file = fresh();
    writeFileSync(file, "");
    expect(() => opened(join(file, "a.sock"))).toThrow("the folder of");
    // Root may write everywhere but there.
    expect(() => opened("/proc/a.sock")).toThrow(/may not make a socket in \/proc|does not exist/);
  });

  test("all or nothing: the file of one that was opened before an error is removed again", () => {
    const [good, taken] = [fresh(), fresh()];
    using _ = listeningUnix(taken);
    const sockets = new ListeningSockets(1);
    expect(() => sockets.openAll([at(good), at(taken)])).toThrow("in use");
    expect([existsSync(good), existsSync(taken)]).toEqual([false, true]);
  });

  test("a file that is another's by now is left where it is", () => {
    const path = fresh();
    const sockets = opened(path);
    rmSync(path);
    using _ = listeningUnix(path);
    sockets.tune([tuned(path, 0o600)]);
    sockets.keepOnly([]);
    expect(existsSync(path)).toBe(true);
    expect(modeAt(path)).not.toBe(0o600);
  });

  test("in the abstract namespace there is no file, and no two of a name", () => {
    const path = `@bal-socket-files-${process.pid}`;
    const sockets = new ListeningSockets(2);
    sockets.openAll([at(path, null)]);
    expect(() => new ListeningSockets(2).openAll([at(path, null)])).toThrow(
      `unix:${path} is already`,
    );
    sockets.keepOnly([]);
    const again = new ListeningSockets(2);
    again.openAll([at(path, null)]);
    again.keepOnly([]);
  });

  describe("a process that takes another one's place", () => {
    test("has the same socket, and its file once the other has let go", () => {
      const path = fresh();
      const first = opened(path, 0o600);
      const { ino } = statSync(path);
      const second = heir(first);
      second.openAll([at(path, 0o666)]);
      second.tune([tuned(path, 0o666)]);
      // It may still fail: until then all is as it was.
      expect([modeAt(path), second.all.map(({ file }) => file)]).toEqual([0o600, [null]]);
      first.leaveFiles();
      second.takeFiles([tuned(path, 0o666)]);
      first.keepOnly([]);
      expect([statSync(path).ino, modeAt(path)]).toEqual([ino, 0o666]);
      second.keepOnly([]);
      expect(existsSync(path)).toBe(false);
    });

    test("that fails leaves the file to the other", () => {
      const path = fresh();
      const first = opened(path);
      const second = heir(first);
      second.openAll([at(path)]);
      second.keepOnly([]);
      expect(existsSync(path)).toBe(true);
      first.keepOnly([]);
      expect(existsSync(path)).toBe(false);
    });

    test("removes the file of a listener that it has not, unless it is another's", () => {
      const [gone, others] = [fresh(), fresh()];
      const first = new ListeningSockets(1);
      first.openAll([at(gone), at(others)]);
      const second = heir(first, 1);
      first.leaveFiles();
      renameSync(others, `${others}.moved`);
      using _ = listeningUnix(others);
      second.takeFiles([]);
      expect([existsSync(gone), existsSync(others)]).toEqual([false, true]);
      for (const sockets of [first, second]) sockets.keepOnly([]);
    });
  });

  test("a socket that systemd has opened keeps its file and its mode", () => {
    const path = fresh();
    using socket = listeningUnix(path);
    chmodSync(path, 0o640);
    const handed = [{ fd: duplicate(socket.fd), name: "edge.socket" }];
    const sockets = new ListeningSockets(2, new InheritedSockets(handed, silentLog()));
    sockets.openAll([at(path)]);
    sockets.takeFiles([tuned(path, 0o600)]);
    expect(sockets.assignSockets(at(path).address, [0, 1])).toEqual([handed[0]!.fd]);
    sockets.keepOnly([]);
    expect(modeAt(path)).toBe(0o640);
  });
});
