// A reload: who asks for it, what it answers, and that it never hurts a connection.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bal, simpleConfig, spawnBal } from "../../support/bal.ts";
import { echoPeer, namedPeer, peer } from "../../support/peer.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const generationOf = async (bal: Bal) => (await bal.status()).config.generation;
const untilGeneration = (bal: Bal, generation: number) =>
  until(`generation ${generation}`, async () => (await generationOf(bal)) === generation);

describe("a reload is asked for", () => {
  test("by SIGHUP", async () => {
    using a = namedPeer("a");
    using b = namedPeer("b");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    expect((await exchange(bal.port, "?")).text).toBe("a");
    bal.write({ ...config, backends: [{ host: "127.0.0.1", port: b.port }] });
    bal.signal("SIGHUP");
    await untilGeneration(bal, 2);
    expect((await exchange(bal.port, "?")).text).toBe("b");
  });

  test("by `bal graceful`, which answers when it is done and says what changed", async () => {
    using a = namedPeer("a");
    using b = namedPeer("b");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    const report = await bal.reload({
      ...config,
      backends: [{ host: "127.0.0.1", port: b.port }],
    });
    expect((await exchange(bal.port, "?")).text).toBe("b");
    expect(report.generation).toBe(2);
    const changes = report.changes.map(({ kind, path }) => `${kind} ${path}`).toSorted();
    expect(changes).toEqual([
      `added pools.default.backends.127.0.0.1:${b.port}`,
      `removed pools.default.backends.127.0.0.1:${a.port}`,
    ]);
  });

  test("by its other name, in words for people", async () => {
    using a = namedPeer("a");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    bal.write({ ...config, retries: 1 });
    const { code, stdout } = await bal.run("reload");
    expect(code).toBe(0);
    expect(stdout).toContain("retries");
  });

  const WAYS: Readonly<Record<string, (bal: Bal, text: string) => void>> = {
    "is overwritten": (bal, text) => writeFileSync(bal.file, text),
    "has another renamed over it": (bal, text) => {
      writeFileSync(`${bal.file}.new`, text);
      renameSync(`${bal.file}.new`, bal.file);
    },
    "is removed and made again": (bal, text) => {
      rmSync(bal.file);
      writeFileSync(bal.file, text);
    },
    "becomes a symlink to another": (bal, text) => {
      writeFileSync(join(bal.home, "other.yaml"), text);
      symlinkSync("other.yaml", join(bal.home, "link"));
      renameSync(join(bal.home, "link"), bal.file);
    },
  };

  test.each(Object.keys(WAYS))("by nobody: the file %s", async (way) => {
    using a = namedPeer("a");
    using b = namedPeer("b");
    const config = simpleConfig([a]);
    using bal = await spawnBal({ config });
    WAYS[way]!(bal, JSON.stringify({ ...config, backends: [{ host: "127.0.0.1", port: b.port }] }));
    await until("the new backend serves", async () => (await exchange(bal.port, "?")).text === "b");
    expect(await generationOf(bal)).toBe(2);
  });

  test("by nobody at all with watch: false", async () => {
    using a = namedPeer("a");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    bal.write({ ...config, retries: 0 });
    await Bun.sleep(2500); // More than four polls of the watcher.
    expect(await generationOf(bal)).toBe(1);
  });
});

describe("a reload that", () => {
  test("adds a backend keeps the connections and counters of the others", async () => {
    using a = echoPeer();
    using b = namedPeer("b");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    using client = await connect(bal.port);
    void client.send("before ");
    await client.read(7);
    await bal.reload({ ...config, backends: [a, b].map(({ port }) => local(port)) });
    void client.send("after");
    expect(await client.read(12)).toBe("before after");
    const [row] = (await bal.status()).pools[0]!.backends;
    expect([row!.active, row!.total]).toEqual([1, 1]);
  });

  test("removes a backend lets its session live and sends it no new one", async () => {
    using a = echoPeer();
    using b = namedPeer("b");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    using client = await connect(bal.port);
    void client.send("before ");
    await client.read(7);
    await bal.reload({ ...config, backends: [local(b.port)] });
    for (let i = 0; i < 4; i++) expect((await exchange(bal.port, "?")).text).toBe("b");
    void client.send("after");
    client.finish();
    expect(await client.readToEnd()).toEqual({ ending: "eof", text: "before after" });
  });

  test("changes a weight changes the turns", async () => {
    using a = namedPeer("a");
    using b = namedPeer("b");
    const config = { ...simpleConfig([a, b]), watch: false };
    using bal = await spawnBal({ config });
    await bal.reload({ ...config, backends: [{ ...local(a.port), weight: 3 }, local(b.port)] });
    for (let i = 0; i < 40; i++) await exchange(bal.port, "?");
    expect([a.served, b.served]).toEqual([30, 10]);
  });

  test("changes nothing repeats the last one", async () => {
    using a = namedPeer("a");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    const first = await bal.reload({ ...config, retries: 1 });
    const second = await bal.reload({ ...config, retries: 1 });
    expect(second).toEqual({ ...first, unchanged: true });
  });

  test("meets an invalid file keeps what is there and says where the error is", async () => {
    using a = namedPeer("a");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    bal.write(`port: ${bal.port}\nbackends:\n  - host: 127.0.0.1\n    prot: ${a.port}\n`);
    const { code, stdout } = await bal.run("graceful", "--json");
    expect(code).toBe(1);
    const answer = JSON.parse(stdout);
    expect(answer.error.code).toBeString();
    expect(answer.errors.map(({ line }: { line: number }) => line)).toContain(4);
    const words = await bal.run("graceful");
    expect(words.code).toBe(1);
    expect(words.stderr + words.stdout).toContain("config.yaml:4:5");
    bal.signal("SIGHUP");
    await until("the signal's failure is logged", () =>
      bal.logs().some(({ level, message }) => level === "error" && /prot/.test(message)),
    );
    expect((await exchange(bal.port, "?")).text).toBe("a");
    expect(await generationOf(bal)).toBe(1);
  });

  test("wants a port that is taken changes nothing and names it", async () => {
    using a = namedPeer("a");
    using b = namedPeer("b");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    bal.write({ ...config, port: b.port, backends: [local(b.port), local(a.port)] });
    const { code, stdout } = await bal.run("graceful", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error.message).toContain(String(b.port));
    for (let i = 0; i < 4; i++) expect((await exchange(bal.port, "?")).text).toBe("a");
    expect(await generationOf(bal)).toBe(1);
  });

  test("comes with others at once is shared: all are told the same", async () => {
    using a = namedPeer("a");
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    bal.write({ ...config, retries: 1 });
    const all = await Promise.all(Array.from({ length: 5 }, () => bal.run("graceful", "--json")));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(all.map(({ stdout }) => JSON.parse(stdout).generation)).toEqual([2, 2, 2, 2, 2]);
  });

  test("comes while bal drains is refused with the reason", async () => {
    using a = echoPeer();
    const config = { ...simpleConfig([a]), watch: false };
    using bal = await spawnBal({ config });
    using client = await connect(bal.port);
    void client.send("x");
    await client.read(1);
    bal.signal("SIGTERM");
    await until("it drains", async () => (await bal.status()).phase === "draining");
    bal.write({ ...config, retries: 1 });
    const { code, stdout } = await bal.run("graceful", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error.message).toContain("drain");
    client.finish();
    expect(await bal.exited).toBe(0);
  });
});

/** The backends of every other reload, and those in between; of three. */
const TURNS: Record<string, (ports: readonly number[], isEven: boolean) => readonly object[]> = {
  "one backend of two": ([a = 0, b = 0, c = 0], isEven) =>
    (isEven ? [b, c] : [a, b]).map((port) => local(port)),
  "every backend": ([a = 0, b = 0, c = 0], isEven) =>
    (isEven ? [c] : [a, b]).map((port) => local(port)),
  "which one drains": ([a = 0, b = 0], isEven) => [
    { ...local(a), drain: isEven },
    { ...local(b), drain: !isEven },
  ],
  "which one drains, and the other's weight": ([a = 0, b = 0], isEven) => [
    { ...local(a), drain: isEven },
    { ...local(b), weight: isEven ? 1 : 0 },
  ],
};

test.each(Object.entries(TURNS))(
  "20 reloads under load that change %s are noticed by no client",
  async (_, turn) => {
    using a = namedPeer("a");
    using b = namedPeer("b");
    using c = namedPeer("c");
    const config = { ...simpleConfig([a, b]), watch: false, workers: 2 };
    using bal = await spawnBal({ config });
    const wrong: string[] = [];
    let isOver = false;
    let exchanges = 0;
    const load = async () => {
      while (!isOver) {
        const { ending, text } = await exchange(bal.port, "?").catch((error) => ({
          ending: "refused",
          text: String(error),
        }));
        exchanges++;
        if (ending !== "eof" || !/^[abc]$/.test(text)) wrong.push(`${ending} ${text}`);
      }
    };
    const clients = Array.from({ length: 8 }, load);
    for (let i = 0; i < 20; i++) {
      const backends = turn([a.port, b.port, c.port], i % 2 === 0);
      await bal.reload({ ...config, backends });
    }
    isOver = true;
    await Promise.all(clients);
    expect(wrong).toEqual([]);
    expect(exchanges).toBeGreaterThan(20);
    expect(await generationOf(bal)).toBe(21);
  },
);

test("a half-written file is not taken for a config", async () => {
  using a = namedPeer("a");
  using probe = peer((wire) => wire.finish());
  const config = simpleConfig([a]);
  using bal = await spawnBal({ config });
  const text = JSON.stringify({ ...config, backends: [local(a.port), local(probe.port)] });
  for (let end = 10; end < text.length; end += 10) {
    writeFileSync(bal.file, text.slice(0, end));
    await Bun.sleep(10);
  }
  writeFileSync(bal.file, text);
  await untilGeneration(bal, 2);
  expect((await bal.status()).pools[0]!.backends.length).toBe(2);
});

function local(port: number) {
  return { host: "127.0.0.1", port };
}
