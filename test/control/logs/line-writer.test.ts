// Lines onto descriptors that are full, torn, moved away or slow.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LineWriter, type Target } from "../../../src/control/logs/line-writer.ts";
import { temporaryHome } from "../../support/bal.ts";
import { pipeIn } from "../../support/named-pipe.ts";
import { until } from "../../support/until.ts";

// A flush waits for seconds where nobody reads.
setDefaultTimeout(30_000);

function writerTo(target: Target, maxQueuedBytes = 1024 * 1024) {
  const drops: (readonly [number, string])[] = [];
  const onDrop = (lines: number, reason: string) => drops.push([lines, reason]);
  const writer = new LineWriter(target, { maxQueuedBytes, onDrop });
  const dropped = () => drops.reduce((sum, [lines]) => sum + lines, 0);
  return { writer, drops, dropped };
}

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `line ${from + i}`);

test("lines and batches of lines come in order", async () => {
  using folder = temporaryHome();
  const file = join(folder.path, "log");
  const { writer } = writerTo(file);
  writer.write("line 0");
  for (let from = 1; from < 1000; from += 3) writer.write(numbered(from, 3).join("\n"), 3);
  await writer.flush();
  expect(readFileSync(file, "utf8")).toBe(`${numbered(0, 1000).join("\n")}\n`);
});

test("a pipe that is full for a while loses nothing, and nothing waits for it", async () => {
  using folder = temporaryHome();
  const pipe = pipeIn(folder.path);
  const { writer, dropped } = writerTo(pipe.path);
  const lines = numbered(0, 50_000);
  for (const line of lines) writer.write(line);
  let text = "";
  await until("all of it has come", () => {
    text += pipe.read();
    return text.split("\n").length > lines.length;
  });
  expect(text).toBe(`${lines.join("\n")}\n`);
  expect(dropped()).toBe(0);
  pipe.close();
});

test("beyond its bound it drops, counts each line, and goes on when there is room", async () => {
  using folder = temporaryHome();
  const pipe = pipeIn(folder.path);
  const { writer, dropped } = writerTo(pipe.path, 100_000);
  for (let i = 0; i < 1000; i++) writer.write(numbered(i * 100, 100).join("\n"), 100);
  expect(writer.isStuck).toBe(true);
  const atFirst = dropped();
  expect(atFirst).toBeGreaterThan(50_000);
  let text = "";
  await until("what it kept has come", () => {
    text += pipe.read();
    return text.split("\n").length > 100_000 - atFirst;
  });
  expect(writer.isStuck).toBe(false);
  writer.write("the last");
  await until("the next one has come", () => {
    text += pipe.read();
    return text.endsWith("the last\n");
  });
  expect(dropped()).toBe(atFirst);
  expect(text.split("\n")).toHaveLength(100_000 - atFirst + 2);
  pipe.close();
});

test("a reader that never reads holds up a flush for a moment, and then loses its lines", async () => {
  using folder = temporaryHome();
  const pipe = pipeIn(folder.path);
  const { writer, dropped } = writerTo(pipe.path);
  const count = 20_000;
  for (const line of numbered(0, count)) writer.write(line);
  await writer.flush();
  const written = pipe.read().split("\n").length - 1;
  expect(written).toBeGreaterThan(1000);
  expect(dropped()).toBe(count - written);
  pipe.close();
});

test("a reader that pauses for seconds during a flush costs no line", async () => {
  using folder = temporaryHome();
  const pipe = pipeIn(folder.path);
  const { writer, dropped } = writerTo(pipe.path);
  const lines = numbered(0, 20_000);
  for (const line of lines) writer.write(line);
  const flushed = writer.flush();
  await Bun.sleep(1500); // The pause itself: longer than any flush of a quick reader takes.
  let text = "";
  await until("all of it has come", () => {
    text += pipe.read();
    return text.split("\n").length > lines.length;
  });
  await flushed;
  expect([text, dropped()]).toEqual([`${lines.join("\n")}\n`, 0]);
  pipe.close();
});

test("a reader that has gone costs the lines, each counted", async () => {
  using folder = temporaryHome();
  const pipe = pipeIn(folder.path);
  const { writer, drops } = writerTo(pipe.path);
  pipe.close();
  writer.write("one");
  writer.write("two\nthree", 2);
  await writer.flush();
  expect(drops).toEqual([
    [1, "EPIPE"],
    [2, "EPIPE"],
  ]);
});

test("a disk that is full costs the lines, each counted, and says why", async () => {
  const { writer, drops } = writerTo("/dev/full");
  writer.write("one");
  writer.write("two\nthree", 2);
  await writer.flush();
  expect(drops).toEqual([
    [1, "ENOSPC"],
    [2, "ENOSPC"],
  ]);
  expect(writer.isStuck).toBe(true);
});

test.skipIf(process.getuid?.() !== 0)(
  "a line that was torn by a full disk is ended before the next one [needs root, for a mount]",
  async () => {
    using folder = temporaryHome();
    const disk = join(folder.path, "disk");
    mkdirSync(disk);
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk]);
    // In a container that may not.
    if (mounted.exitCode !== 0) return;
    const [file, ballast] = [join(disk, "log"), join(disk, "ballast")];
    await Bun.write(ballast, "x".repeat(8192));
    const { writer, dropped } = writerTo(file);
    try {
      const lines = numbered(0, 2000);
      for (const line of lines) writer.write(line);
      await writer.flush();
      rmSync(ballast);
      writer.write("again");
      await writer.flush();
      const kept = lines.length - dropped();
      const written = readFileSync(file, "utf8").split("\n").slice(0, -1);
      expect(kept).toBeLessThan(1500);
      expect(written.slice(0, kept)).toEqual(lines.slice(0, kept));
      const torn = written[kept] ?? "";
      expect(lines[kept]!.startsWith(torn)).toBe(true);
      expect(written.slice(kept)).toEqual([torn, "again"]);
    } finally {
      writer.close();
      Bun.spawnSync(["umount", disk]);
    }
  },
);

test("over a rotation no line is lost and none is split", async () => {
  using folder = temporaryHome();
  const file = join(folder.path, "log");
  const { writer, dropped } = writerTo(file);
  for (let round = 0; round < 20; round++) {
    for (const line of numbered(round * 500, 500)) writer.write(line);
    renameSync(file, `${file}.${round}`);
    writer.reopen();
  }
  writer.write("end");
  await writer.flush();
  const files = [...Array.from({ length: 20 }, (_, round) => `${file}.${round}`), file];
  const texts = files.map((name) => readFileSync(name, "utf8"));
  for (const text of texts) expect(text === "" || text.endsWith("\n")).toBe(true);
  expect(texts.join("")).toBe(`${[...numbered(0, 10_000), "end"].join("\n")}\n`);
  expect(dropped()).toBe(0);
});

test("a batch that was begun in one file is ended there", async () => {
  using folder = temporaryHome();
  const pipe = pipeIn(folder.path);
  const { writer } = writerTo(pipe.path);
  const lines = numbered(0, 20_000);
  for (const line of lines) writer.write(line);
  // Full by now, in the middle of a line; the path is another file's from here on.
  renameSync(pipe.path, `${pipe.path}.1`);
  writer.reopen();
  let text = "";
  const after = () => {
    text += pipe.read();
    return readFileSync(pipe.path, "utf8");
  };
  await until("the rest is in the new file", () => after().endsWith(`${lines.at(-1)}\n`));
  expect(text.endsWith("\n")).toBe(true);
  expect(text + after()).toBe(`${lines.join("\n")}\n`);
  pipe.close();
});

test("a file that can't be opened again leaves the one that is open", async () => {
  using folder = temporaryHome();
  const file = join(folder.path, "logs", "log");
  mkdirSync(join(folder.path, "logs"));
  const { writer } = writerTo(file);
  renameSync(join(folder.path, "logs"), join(folder.path, "gone"));
  expect(() => writer.reopen()).toThrow(
    expect.objectContaining({ code: "log-not-writable", message: expect.stringContaining(file) }),
  );
  writer.write("still here");
  await writer.flush();
  expect(readFileSync(join(folder.path, "gone", "log"), "utf8")).toBe("still here\n");
});

test.each([
  ["/proc/nope/log", "ENOENT", "folder"],
  ["/", "EISDIR", "it is a folder"],
])("%s can't be a log: %s", (file, code, hint) => {
  expect(() => writerTo(file)).toThrow(
    expect.objectContaining({
      code: "log-not-writable",
      message: `cannot write the log ${file}: ${code}`,
      hint: expect.stringContaining(hint),
    }),
  );
});

test("nor can a pipe that nobody reads, and opening it does not wait", () => {
  using folder = temporaryHome();
  const path = join(folder.path, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  expect(() => writerTo(path)).toThrow(
    expect.objectContaining({ hint: "it is a pipe without a reader" }),
  );
});

test("what is written before it is closed is written still", async () => {
  using folder = temporaryHome();
  const file = join(folder.path, "log");
  const { writer } = writerTo(file);
  for (const line of numbered(0, 1000)) writer.write(line);
  writer.close();
  await until("all is there", () => readFileSync(file, "utf8").split("\n").length === 1001);
});
