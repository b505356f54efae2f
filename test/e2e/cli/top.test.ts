// `bal top` in a real terminal.
import { expect, setDefaultTimeout, test } from "bun:test";
import { at, balBinary, fullConfig, runBal, spawnBal, temporaryHome } from "../../support/bal.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { Terminal } from "../../support/terminal.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const checks = { health_check: { interval: "200ms", fast_interval: "50ms" } };

/** Names of the backends in the order of their rows. */
function rowsOf(terminal: Terminal): readonly string[] {
  return [...terminal.screen.text.matchAll(/^ {2}web +(\w+)/gm)].map(([, name]) => name!);
}

async function spawned() {
  const a = holdingPeer("a");
  const b = namedPeer("b");
  const backends = [at(a, { name: "a" }), at(b, { name: "b" }), at({ port: 1 }, { name: "c" })];
  const { config, port } = fullConfig({ backends, pool: checks }, { watch: false });
  const bal = await spawnBal({ config });
  const ends = new DisposableStack();
  for (const one of [a, b, bal]) ends.use(one);
  await until("c is down", async () => (await bal.run("status")).stdout.includes("c is down"));
  return { bal, port, [Symbol.dispose]: () => ends.dispose() };
}

test("sorts, reverses, drains after a question, and q gives the terminal back", async () => {
  using here = await spawned();
  using client = await connect(here.port);
  await client.send("?");
  await client.read(1);
  using terminal = new Terminal(["top"], { home: here.bal.home, columns: 110, rows: 16 });
  const first = await terminal.shows("web/c is down", "1 of ", "STATE▾", "q quit");
  expect([first.isAlternate, first.hasCursor, first.hasWrapped]).toEqual([true, false, false]);
  expect(first.text.split("\n")).toHaveLength(16);
  expect(rowsOf(terminal)).toEqual(["c", "a", "b"]);
  terminal.type("r");
  await until("it is reversed", () => rowsOf(terminal).join("") === "abc");
  terminal.type("rs");
  await terminal.shows("ACTIVE▾");
  expect(rowsOf(terminal)[0]).toBe("a");
  terminal.type("\u001b[B\u001b[Ad");
  await terminal.shows("Drain web/a? Its 1 connection may finish. y/n");
  terminal.type("n");
  await terminal.shows("q quit");
  expect((await here.bal.run("status")).stdout).not.toContain("draining");
  terminal.type("dy");
  await terminal.shows("web/a is draining: 1 connection left", "drained by an operator");
  expect((await here.bal.status()).pools[0]!.backends[0]!.override).toEqual({ drain: true });
  terminal.type("d");
  await terminal.shows("End the drain of web/a?");
  terminal.type("y");
  await terminal.shows("web/a is ");
  terminal.type("q");
  expect(await terminal.child.exited).toBe(0);
  const { isAlternate, hasCursor } = terminal.screen;
  expect([isAlternate, hasCursor, terminal.isCooked]).toEqual([false, true, true]);
});

test("shows the sessions, the largest or the oldest first", async () => {
  using here = await spawned();
  using first = await connect(here.port);
  await first.send("?");
  await until("the first is plainly older than the second will be", async () => {
    const answer = await here.bal.get("/v1/sessions");
    const { sessions } = (await answer!.json()) as { sessions: { age_s: number }[] };
    return sessions.some(({ age_s }) => age_s > 0.5);
  });
  using second = await connect(here.port);
  await second.send("?".repeat(4096));
  using terminal = new Terminal(["top"], { home: here.bal.home, columns: 110, rows: 16 });
  await terminal.shows("web/c is down");
  terminal.type("v");
  const listed = async (sort: string) => {
    const answer = await here.bal.get(`/v1/sessions?sort=${sort}`);
    const { sessions } = (await answer!.json()) as { sessions: { client: string }[] };
    return sessions.map(({ client }) => client);
  };
  const shown = () =>
    [...terminal.screen.text.matchAll(/^ {2}(127\.0\.0\.1:\d+) /gm)].map(([, client]) => client!);
  const isAs = (clients: readonly string[]) => shown().join() === clients.join();
  const largest = await until("bytes are counted", async () => {
    const clients = await listed("bytes");
    return clients.length === 2 && isAs(clients) ? clients : null;
  });
  terminal.type("r");
  await until("they are reversed", () => isAs(largest.toReversed()));
  terminal.type("rs");
  await terminal.shows("(age, ");
  const oldest = await listed("age");
  await until("the older is first", () => isAs(oldest));
  terminal.type("vq");
  expect(await terminal.child.exited).toBe(0);
});

test("outlives the daemon, fits where it is resized, and scrolls", async () => {
  const many = Array.from({ length: 500 }, (_, n) =>
    at({ port: n + 1 }, { name: `b${n}`, drain: true }),
  );
  const { config } = fullConfig({ backends: many }, { watch: false });
  using bal = await spawnBal({ config });
  using terminal = new Terminal(["top"], { home: bal.home, columns: 100, rows: 24 });
  await terminal.shows("b0 ", "(500 backends)");
  terminal.type("G");
  await terminal.shows("b499");
  terminal.resize(44, 10);
  const small = await until("it is as small", () => {
    const { screen } = terminal;
    return screen.text.split("\n").length <= 10 && screen.text.includes("b499") ? screen : null;
  });
  expect(small.lines.filter((line) => Bun.stringWidth(line) > 44)).toEqual([]);
  terminal.resize(100, 24);
  await bal.stop();
  await terminal.shows("no bal is running", "the last known state");
  const again = Bun.spawn([balBinary(), "start", "-c", bal.file], {
    env: { PATH: process.env.PATH!, BAL_HOME: bal.home },
    stdio: ["ignore", "ignore", "ignore"],
  });
  await until("it is back", () => !terminal.screen.text.includes("no bal is running"));
  again.kill("SIGTERM");
  await again.exited;
  terminal.type("\u0003");
  expect(await terminal.child.exited).toBe(0);
  expect([terminal.screen.isAlternate, terminal.isCooked]).toEqual([false, true]);
});

test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
  "%s gives the terminal back",
  async (signal) => {
    using here = await spawned();
    using terminal = new Terminal(["top"], { home: here.bal.home });
    await terminal.shows("q quit");
    expect(terminal.isCooked).toBe(false);
    terminal.child.kill(signal);
    expect(await terminal.child.exited).toBe(0);
    const { isAlternate, hasCursor } = terminal.screen;
    expect([isAlternate, hasCursor, terminal.isCooked]).toEqual([false, true, true]);
  },
);

test("says that it is for a terminal, or that nothing runs", async () => {
  using home = temporaryHome();
  const piped = await runBal(["top"], { home: home.path });
  expect([piped.code, piped.stdout]).toEqual([2, ""]);
  expect(piped.stderr).toContain("bal status --watch");
  using dumb = new Terminal(["top"], { home: home.path, env: { TERM: "dumb" } });
  expect(await dumb.child.exited).toBe(2);
  using alone = new Terminal(["top"], { home: home.path });
  expect(await alone.child.exited).toBe(1);
  expect(alone.raw).not.toContain("\u001b[?1049h");
});

test("filters, shows all of a backend, sets a weight and ends a session, in 80 columns", async () => {
  using here = await spawned();
  using client = await connect(here.port);
  await client.send("?");
  await client.read(1);
  using terminal = new Terminal(["top"], { home: here.bal.home, columns: 80, rows: 24 });
  await terminal.shows("(3 backends)", "? help", "w weight");
  terminal.type("/down");
  await until("one row is left", () => rowsOf(terminal).join("") === "c");
  terminal.type("\r");
  await terminal.shows('only "down"', "1 backend");
  terminal.type("\r");
  await terminal.shows("web/c", "out of service", "last events", "is down, was unknown");
  terminal.type("\u001b");
  await terminal.shows('only "down"');
  terminal.type("\u001b");
  await until("all are back", () => rowsOf(terminal).length === 3);
  terminal.type("?");
  await terminal.shows("drain the backend", "escape back");
  terminal.type("?Gw1x7");
  await terminal.shows("weight of web/b (0 to 256): 17");
  terminal.type("\u007f\r");
  await terminal.shows("web/b has weight 1");
  terminal.type("w7\r");
  await terminal.shows("web/b has weight 7");
  expect((await here.bal.status()).pools[0]!.backends[1]!.override).toEqual({ weight: 7 });
  terminal.type("v");
  await terminal.shows("K end it", "127.0.0.1:");
  terminal.type("K");
  await terminal.shows("End session", "y/n");
  terminal.type("y");
  await terminal.shows("was reset");
  await here.bal.untilIdle();
  terminal.type("q");
  expect(await terminal.child.exited).toBe(0);
});
