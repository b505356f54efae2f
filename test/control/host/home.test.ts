// The home: one bal in it, what a dead one left, and whom a pid file may name.
import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import {
  homeAt,
  isStarting,
  leaveHome,
  locateHome,
  lockHome,
  makeHome,
  runningPid,
} from "../../../src/control/host/home.ts";
import { startTime, startTimeByPs } from "../../../src/os/process.ts";
import { temporaryHome } from "../../support/bal.ts";
import { until } from "../../support/until.ts";

const module = resolve(import.meta.dir, "../../../src/control/host/home.ts");

/** A process that takes the lock of a home and keeps it until it is killed. */
async function holder(path: string) {
  const script = `import { homeAt, lockHome } from "${module}";
    lockHome(homeAt(${JSON.stringify(path)})); console.log("locked"); setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await child.stdout.getReader().read();
  return {
    pid: child.pid,
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}

function withEnv<T>(env: Record<string, string | undefined>, check: () => T): T {
  const before = Object.keys(env).map((key) => [key, process.env[key]] as const);
  const set = (entries: Iterable<readonly [string, string | undefined]>) => {
    for (const [key, value] of entries) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  };
  set(Object.entries(env));
  try {
    return check();
  } finally {
    set(before);
  }
}

test("it is $BAL_HOME, else ~/.bal, else .bal of the passwd entry", () => {
  expect(withEnv({ BAL_HOME: "/srv/bal" }, () => locateHome().path)).toBe("/srv/bal");
  expect(withEnv({ BAL_HOME: "rel" }, () => locateHome().path)).toBe(resolve("rel"));
  const byHome = withEnv({ BAL_HOME: undefined, HOME: "/h" }, () => locateHome().path);
  expect(byHome).toBe("/h/.bal");
  const byPasswd = withEnv({ BAL_HOME: undefined, HOME: undefined }, () => locateHome().path);
  expect(byPasswd).toEndWith("/.bal");
  expect(homedir()).not.toBe("");
});

test("it is made for this user alone", () => {
  using folder = temporaryHome();
  const home = homeAt(join(folder.path, "a", "b"));
  makeHome(home);
  expect(statSync(home.path).mode & 0o777).toBe(0o700);
  expect(statSync(home.lock).mode & 0o777).toBe(0o600);
});

test("a home that can't be written is told with what to do", () => {
  using folder = temporaryHome();
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  expect(() => makeHome(homeAt(join(file, "home")))).toThrow(
    expect.objectContaining({
      code: "home-not-writable",
      message: expect.stringContaining("it is not a folder"),
      hint: expect.stringContaining("BAL_HOME"),
    }),
  );
});

test("the holder is known by its pid, and a second one is refused with it", async () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  using first = await holder(home.path);
  expect(readFileSync(home.pid, "utf8")).toBe(`${first.pid}\n`);
  expect(readFileSync(home.lock, "utf8")).toBe(`${first.pid} ${startTime(first.pid)}\n`);
  expect(statSync(home.pid).mode & 0o777).toBe(0o600);
  expect(runningPid(home)).toBe(first.pid);
  expect(() => lockHome(home)).toThrow(
    expect.objectContaining({
      code: "already-running",
      message: expect.stringContaining(String(first.pid)),
    }),
  );
});

test("a lock file that was removed does not let a second one in", async () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  using first = await holder(home.path);
  writeFileSync(home.socket, "");
  rmSync(home.lock);
  for (let i = 0; i < 2; i++) {
    expect(() => lockHome(home)).toThrow(
      expect.objectContaining({
        code: "already-running",
        message: expect.stringContaining(String(first.pid)),
      }),
    );
  }
  expect(existsSync(home.socket)).toBe(true);
});

test("one that was killed and that nobody reaps is no holder", async () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  // A parent that never waits for its child.
  const script = `import { homeAt, lockHome } from "${module}";
    lockHome(homeAt(${JSON.stringify(home.path)})); process.kill(process.pid, "SIGKILL");`;
  const parent = Bun.spawn([
    "bash",
    "-c",
    '"$0" -e "$1" & exec sleep 30',
    process.execPath,
    script,
  ]);
  try {
    const written = await until("it is a zombie", () => {
      const [pid] = existsSync(home.pid) ? readFileSync(home.pid, "utf8").trim().split(" ") : [];
      return pid && / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")) ? pid : null;
    });
    expect(startTime(Number(written))).toBeNull();
    using next = await holder(home.path);
    expect(runningPid(home)).toBe(next.pid);
  } finally {
    parent.kill("SIGKILL");
  }
});

test("what a killed one left is taken over, its socket too", async () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  using dead = await holder(home.path);
  writeFileSync(home.socket, "");
  await dead.kill();
  expect(existsSync(home.pid)).toBe(true);
  expect(runningPid(home)).toBeNull();
  using next = await holder(home.path);
  expect(runningPid(home)).toBe(next.pid);
  expect(existsSync(home.socket)).toBe(false);
});

test.each([
  ["another process's pid", () => `${process.ppid} 1\n`],
  ["no number", () => "what 1\n"],
  ["a group", () => `-1 ${startTime(process.pid)}\n`],
])("a lock with %s in it names nobody, although it is held", async (_, text) => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  using _holder = await holder(home.path);
  writeFileSync(home.lock, text());
  expect(runningPid(home)).toBeNull();
});

test("where the lock has no claim, the pid file tells of a process that is older than it", async () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  using first = await holder(home.path);
  writeFileSync(home.lock, "");
  expect(runningPid(home)).toBe(first.pid);
  const longAgo = new Date("2020-01-01");
  utimesSync(home.pid, longAgo, longAgo);
  expect(runningPid(home)).toBeNull();
  // As a bal of an older version wrote it.
  writeFileSync(home.pid, `${first.pid} ${startTime(first.pid)}\n`);
  expect(runningPid(home)).toBe(first.pid);
  writeFileSync(home.pid, "");
  expect(runningPid(home)).toBeNull();
});

test("a living process in the files is nobody while the lock is free", () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  mkdirSync(home.path, { recursive: true });
  writeFileSync(home.lock, `${process.pid} ${startTime(process.pid)}\n`);
  writeFileSync(home.pid, `${process.pid}\n`);
  expect(runningPid(home)).toBeNull();
});

test("one that has only begun is waited for, nobody is not", async () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  expect(isStarting(home)).toBe(false);
  using _holder = await holder(home.path);
  expect(isStarting(home)).toBe(true);
});

test("many who look do not keep one from starting", async () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  const script = `import { homeAt, runningPid } from "${module}";
    const home = homeAt(${JSON.stringify(home.path)}); for (;;) runningPid(home);`;
  const lookers = [1, 2].map(() => Bun.spawn([process.execPath, "-e", script]));
  try {
    for (let i = 0; i < 5; i++) {
      const one = await holder(home.path);
      expect(runningPid(home)).toBe(one.pid);
      await one.kill();
    }
  } finally {
    for (const looker of lookers) looker.kill("SIGKILL");
  }
});

test("leaving removes what belongs to the process alone", () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  for (const file of [home.socket, home.log, home.config]) writeFileSync(file, "");
  const own = lockHome(home);
  writeFileSync(home.socket, "");
  leaveHome(own);
  expect(readFileSync(home.lock, "utf8")).toBe("");
  expect([home.pid, home.socket, home.log, home.config].map((file) => existsSync(file))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test("leaving a home that another process has taken over removes nothing", () => {
  using folder = temporaryHome();
  const home = homeAt(folder.path);
  makeHome(home);
  const own = lockHome(home);
  writeFileSync(home.socket, "");
  writeFileSync(home.lock, `${process.ppid} ${startTime(process.ppid)}\n`);
  leaveHome(own);
  expect([home.pid, home.socket].map((file) => existsSync(file))).toEqual([true, true]);
});

test("a start time is the process's own, by /proc and by ps", () => {
  for (const ask of [startTime, startTimeByPs]) {
    expect(ask(process.pid)).toMatch(/^\S+$/);
    expect(ask(process.pid)).toBe(ask(process.pid)!);
    expect(ask(2 ** 22 + 1)).toBeNull();
  }
});
