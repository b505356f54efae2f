// The ways in which a config file is replaced, on a real disk; the test moves the clock of the polls.
import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  ConfigWatcher,
  fingerprintOf,
  watchConfig,
} from "../../../src/control/reload/config-watcher.ts";
import { temporaryHome } from "../../support/bal.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const POLL_MS = 500;

/** A config that is watched; `seen` is what stood in it at each change. */
class Watched implements Disposable {
  readonly folder: string;
  readonly file: string;
  readonly seen: string[] = [];
  readonly watcher: ConfigWatcher;
  private readonly home = temporaryHome();

  constructor(prepare = (folder: string) => writeFileSync(join(folder, "config.yaml"), "old")) {
    this.folder = this.home.path;
    this.file = join(this.folder, "config.yaml");
    prepare(this.folder);
    this.watcher = watchConfig(this.file, () => this.seen.push(readFileSync(this.file, "utf8")))!;
  }

  readonly path = (name: string): string => join(this.folder, name);

  polls(count: number): void {
    for (let poll = 0; poll < count; poll++) jest.advanceTimersByTime(POLL_MS);
  }

  [Symbol.dispose](): void {
    this.watcher.close();
    this.home[Symbol.dispose]();
  }
}

/** A config map as Kubernetes mounts it: config.yaml → ..data/config.yaml, ..data → ..<time>. */
function mountVersion(folder: string, version: string): void {
  mkdirSync(join(folder, `..${version}`));
  writeFileSync(join(folder, `..${version}`, "config.yaml"), version);
  symlinkSync(`..${version}`, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
}

function mount(folder: string): void {
  mountVersion(folder, "1");
  symlinkSync("..data/config.yaml", join(folder, "config.yaml"));
}

const ways: readonly (readonly [string, (watched: Watched) => void])[] = [
  ["is overwritten in place", ({ file }) => writeFileSync(file, "newer")],
  ["is appended to", ({ file }) => appendFileSync(file, "er")],
  [
    "is renamed over, by a file of the same size and time",
    ({ file, path }) => {
      writeFileSync(path("new"), "new");
      utimesSync(path("new"), 1e9, 1e9);
      renameSync(path("new"), file);
    },
  ],
  [
    "is removed and made again",
    ({ file }) => {
      rmSync(file);
      writeFileSync(file, "again");
    },
  ],
  [
    "is kept as a backup while another one takes its place",
    ({ file, path }) => {
      renameSync(file, path("config.yaml~"));
      writeFileSync(file, "edited");
    },
  ],
  ["is overwritten with the same size a moment later", ({ file }) => writeTouched(file, "odd")],
  ["becomes a symlink", ({ file, path }) => relink(file, path("other"), "other")],
];

function writeTouched(file: string, text: string): void {
  writeFileSync(file, text);
  // The clock of a disk ticks every few milliseconds; a person is never so fast.
  utimesSync(file, new Date(), new Date(Date.now() + 10));
}

function relink(file: string, target: string, text: string): void {
  writeFileSync(target, text);
  symlinkSync(target, `${file}.tmp`);
  renameSync(`${file}.tmp`, file);
}

describe("a change is seen once when the file", () => {
  test.each(ways)("%s, and again after that", (_, change) => {
    using watched = new Watched();
    watched.polls(3);
    change(watched);
    watched.polls(6);
    expect(watched.seen).toEqual([readFileSync(watched.file, "utf8")]);
    writeFileSync(watched.file, "between, in place");
    watched.polls(3);
    change(watched);
    watched.polls(3);
    expect(watched.seen).toHaveLength(3);
  });

  test("is a symlink that is turned to another file", () => {
    using watched = new Watched((folder) =>
      relink(join(folder, "config.yaml"), `${folder}/a`, "a"),
    );
    relink(watched.file, watched.path("b"), "b");
    watched.polls(3);
    expect(watched.seen).toEqual(["b"]);
  });

  test("is a symlink whose target is written", () => {
    using watched = new Watched((folder) =>
      relink(join(folder, "config.yaml"), `${folder}/a`, "a"),
    );
    writeFileSync(watched.path("a"), "written");
    watched.polls(3);
    expect(watched.seen).toEqual(["written"]);
  });

  test("is in a mount of Kubernetes, update after update", () => {
    using watched = new Watched(mount);
    for (const version of ["2", "3", "4"]) {
      mountVersion(watched.folder, version);
      watched.polls(3);
    }
    rmSync(watched.path("..1"), { recursive: true });
    watched.polls(3);
    expect(watched.seen).toEqual(["2", "3", "4"]);
  });

  test("is in a folder that is replaced as a whole", () => {
    using watched = new Watched((folder) => {
      mkdirSync(join(folder, "live"));
      writeFileSync(join(folder, "live", "config.yaml"), "old");
      symlinkSync("live/config.yaml", join(folder, "config.yaml"));
    });
    renameSync(watched.path("live"), watched.path("gone"));
    watched.polls(3);
    mkdirSync(watched.path("live"));
    writeFileSync(watched.path("live/config.yaml"), "new");
    watched.polls(3);
    expect(watched.seen).toEqual(["new"]);
  });
});

describe("never half a file", () => {
  test("while it grows, however long, nobody is called", () => {
    using watched = new Watched();
    writeFileSync(watched.file, "");
    for (let line = 0; line < 20; line++) {
      watched.polls(1);
      appendFileSync(watched.file, `line ${line}\n`);
    }
    expect(watched.seen).toEqual([]);
    const whole = readFileSync(watched.file, "utf8");
    watched.polls(3);
    expect(watched.seen).toEqual([whole]);
  });

  test("truncated, and written a poll later", () => {
    using watched = new Watched();
    truncateSync(watched.file);
    watched.polls(1);
    writeFileSync(watched.file, "whole");
    watched.polls(1);
    expect(watched.seen).toEqual([]);
    watched.polls(2);
    expect(watched.seen).toEqual(["whole"]);
  });

  test("gone for a while: that is no change, and what comes back is one", () => {
    using watched = new Watched();
    rmSync(watched.file);
    watched.polls(10);
    expect(watched.seen).toEqual([]);
    writeFileSync(watched.file, "back");
    watched.polls(1);
    expect(watched.seen).toEqual([]);
    watched.polls(1);
    expect(watched.seen).toEqual(["back"]);
  });

  test("the very same file, away and back, is looked at once more", () => {
    using watched = new Watched();
    renameSync(watched.file, watched.path("away"));
    watched.polls(3);
    renameSync(watched.path("away"), watched.file);
    watched.polls(3);
    expect(watched.seen).toEqual(["old"]);
  });

  test("a folder or a device in its place is nothing to read", () => {
    using watched = new Watched();
    rmSync(watched.file);
    mkdirSync(watched.file);
    watched.polls(3);
    rmSync(watched.file, { recursive: true });
    symlinkSync("/dev/null", watched.file);
    watched.polls(3);
    expect(watched.seen).toEqual([]);
  });
});

test("what is loaded for another reason is no change", () => {
  using watched = new Watched();
  writeFileSync(watched.file, "by signal");
  watched.polls(1);
  watched.watcher.markLoaded(fingerprintOf(watched.file));
  watched.polls(5);
  expect(watched.seen).toEqual([]);
  writeFileSync(watched.file, "by watcher");
  watched.polls(3);
  expect(watched.seen).toEqual(["by watcher"]);
});

test("after close nothing is seen, and no timer is left", () => {
  using watched = new Watched();
  watched.watcher.close();
  writeFileSync(watched.file, "unseen");
  watched.polls(5);
  expect([watched.seen, jest.getTimerCount()]).toEqual([[], 0]);
});

test.each([
  ["a folder", (path: string) => mkdirSync(path)],
  ["a pipe", (path: string) => Bun.spawnSync(["mkfifo", path])],
  ["a device", (path: string) => symlinkSync("/dev/null", path)],
])("%s is not watched", (_, make) => {
  using home = temporaryHome();
  const path = join(home.path, "config.yaml");
  make(path);
  expect(watchConfig(path, () => {})).toBeNull();
  expect(jest.getTimerCount()).toBe(0);
});

test("new rights are a change: what could not be read may be readable now", () => {
  using watched = new Watched();
  chmodSync(watched.file, 0o600);
  watched.polls(3);
  expect(watched.seen).toEqual(["old"]);
});

test("other content of the same size and date is a change", () => {
  using watched = new Watched();
  const { atime, mtime } = statSync(watched.file);
  writeFileSync(watched.file, "new");
  utimesSync(watched.file, atime, mtime);
  watched.polls(3);
  expect(watched.seen).toEqual(["new"]);
});

test("a file that is away for longer than a moment is missing, until it is back", () => {
  using watched = new Watched();
  rmSync(watched.file);
  watched.polls(1);
  expect(watched.watcher.isMissing).toBe(false);
  watched.polls(1);
  expect(watched.watcher.isMissing).toBe(true);
  writeFileSync(watched.file, "back");
  watched.polls(2);
  expect([watched.watcher.isMissing, watched.seen]).toEqual([false, ["back"]]);
});

test("a file that has a path and no name any more is told of once: a mount holds it", async () => {
  const { file, orphans } = orphanUnderMount();
  using watcher = new ConfigWatcher(file, () => {}, { onOrphan: () => orphans.push(file) });
  jest.advanceTimersByTime(3 * POLL_MS);
  expect([watcher.isOrphan, orphans]).toEqual([true, [file]]);
});

/** As a bind mount shows it: /proc/self/fd leads to a file whose last name is gone. */
function orphanUnderMount() {
  using home = temporaryHome();
  const path = join(home.path, "config.yaml");
  writeFileSync(path, "old");
  const fd = openSync(path, "r");
  rmSync(path);
  return { file: `/proc/self/fd/${fd}`, orphans: [] as string[] };
}
