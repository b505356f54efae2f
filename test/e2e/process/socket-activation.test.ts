// Listening sockets that systemd has opened: LISTEN_FDS, as sd_listen_fds(3) tells it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, closeSync, openSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  at,
  type Bal,
  balBinary,
  fullConfig,
  simpleConfig,
  spawnBal,
  temporaryHome,
} from "../../support/bal.ts";
import { listening, listeningUnix } from "../../support/listening.ts";
import { namedPeer } from "../../support/peer.ts";
import { freePort, freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

/** The shell's pid stays the program's. */
const AS_SYSTEMD = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"];

/** Those that its threads and it have open for one socket of ours. */
function holds(bal: Bal, fd: number): number {
  const socket = readlinkSync(`/proc/self/fd/${fd}`);
  const fds = `/proc/${bal.pid}/fd`;
  const linkOf = (name: string) => {
    try {
      return readlinkSync(join(fds, name));
    } catch {
      return "";
    }
  };
  return readdirSync(fds).filter((name) => linkOf(name) === socket).length;
}

const unused = (bal: Bal) =>
  bal
    .logs()
    .filter(({ event }) => event === "socket-unused")
    .map(({ name, message }) => [name, message.replace(/^.* is not used: /, "")]);

test("a socket that is open already is the listener's, for all workers and over a restart", async () => {
  using a = namedPeer("a");
  using socket = listening();
  const config = { ...simpleConfig([a], { workers: 2 }), port: socket.port };
  const env = { LISTEN_FDS: "1" };
  // It is in the queue before anybody is there to accept it.
  using early = await connect(socket.port);
  void early.send("?");
  early.finish();
  for (let start = 0; start < 2; start++) {
    using bal = await spawnBal({ config, env, wrapper: AS_SYSTEMD, fds: [socket.fd] });
    for (let i = 0; i < 10; i++) expect((await exchange(socket.port, "?")).text).toBe("a");
    expect(unused(bal)).toEqual([]);
    await bal.upgrade();
    expect(await bal.exited).toBe(0);
    for (let i = 0; i < 10; i++) expect((await exchange(socket.port, "?")).text).toBe("a");
    expect((await bal.run("stop")).code).toBe(0);
  }
  expect(await early.ended).toBe("eof");
  expect(early.bytesReceived).toBe(1);
});

test("what no listener wants is told and closed, what is no socket stays", async () => {
  using a = namedPeer("a");
  using wanted = listening();
  using other = listening();
  using client = await connect(other.port);
  const config = { ...simpleConfig([a]), port: wanted.port };
  const env = { LISTEN_FDS: "4", LISTEN_FDNAMES: "spare:web:file" };
  const file = openSync("/dev/null", "r");
  const connected = Bun.connect({ hostname: "127.0.0.1", port: a.port, socket: { data() {} } });
  const stream = (await connected) as unknown as { readonly fd: number; terminate(): void };
  try {
    using bal = await spawnBal({
      config,
      env,
      wrapper: AS_SYSTEMD,
      fds: [other.fd, wanted.fd, file, stream.fd],
    });
    expect((await exchange(wanted.port, "?")).text).toBe("a");
    await until("all are told", () => unused(bal).length === 3);
    expect(unused(bal)).toEqual([
      ["file", "descriptor 5 is not a socket"],
      ["unknown", "it does not listen for connections"],
      ["spare", `no listener has the address 127.0.0.1:${other.port}`],
    ]);
    expect(holds(bal, other.fd)).toBe(0);
    expect(holds(bal, wanted.fd)).toBeGreaterThan(0);
    expect(await bal.stop()).toBe(0);
  } finally {
    stream.terminate();
    closeSync(file);
  }
  // What systemd still has lives on.
  expect(client.isClosed).toBe(false);
});

test("both families' wildcard serves a listener on 0.0.0.0", async () => {
  using a = namedPeer("a");
  using socket = listening("::");
  const config = { ...simpleConfig([a]), bind_address: "0.0.0.0", port: socket.port };
  const env = { LISTEN_FDS: "1" };
  using bal = await spawnBal({ config, env, wrapper: AS_SYSTEMD, fds: [socket.fd] });
  expect((await exchange(socket.port, "?")).text).toBe("a");
  expect(unused(bal)).toEqual([]);
});

test("a unix socket is known by its path, and its file stays systemd's: over an upgrade, over a stop", async () => {
  using a = namedPeer("a");
  using place = temporaryHome();
  const path = join(place.path, "edge.sock");
  using socket = listeningUnix(path);
  chmodSync(path, 0o640);
  const { ino } = statSync(path);
  const config = fullConfig(
    { backends: [at(a)], listener: { unix: path, mode: "0600" } },
    { workers: 2 },
  ).config;
  const env = { LISTEN_FDS: "1", LISTEN_FDNAMES: "edge.socket" };
  // It is in the queue before anybody is there to accept it.
  using early = await connect(path);
  void early.send("?");
  using bal = await spawnBal({ config, env, wrapper: AS_SYSTEMD, fds: [socket.fd] });
  expect(await early.ended).toBe("eof");
  await bal.upgrade();
  for (let i = 0; i < 10; i++) expect((await exchange(path, "?")).text).toBe("a");
  expect(unused(bal)).toEqual([]);
  expect((await bal.run("stop")).code).toBe(0);
  expect([statSync(path).ino, statSync(path).mode & 0o777]).toEqual([ino, 0o640]);
});

test("a range of ports takes its sockets one by one, and opens those that are not there", async () => {
  using a = namedPeer("a");
  const { from, to } = freePorts(3);
  using first = listening("127.0.0.1", from);
  using second = listening("127.0.0.1", from + 1);
  const listener = { port: `${from}-${to}` };
  const { config } = fullConfig({ backends: [at(a)], listener });
  const env = { LISTEN_FDS: "2" };
  const fds = [second.fd, first.fd];
  using bal = await spawnBal({ config, env, wrapper: AS_SYSTEMD, fds });
  for (let port = from; port <= to; port++) {
    expect((await exchange(port, "?")).text).toBe("a");
  }
  expect(unused(bal)).toEqual([]);
  expect(fds.map((fd) => holds(bal, fd) > 0)).toEqual([true, true]);
});

test("sockets that are meant for another process are left alone", async () => {
  using a = namedPeer("a");
  using socket = listening();
  const config = simpleConfig([a]);
  const env = { LISTEN_FDS: "1", LISTEN_PID: "1" };
  using bal = await spawnBal({ config, env, fds: [socket.fd] });
  expect((await exchange(bal.port, "?")).text).toBe("a");
  expect(unused(bal)).toEqual([]);
});

test.skipIf(Bun.which("systemd-socket-activate") === null)(
  "systemd-socket-activate starts it at the first client (where it is installed)",
  async () => {
    using a = namedPeer("a");
    using home = temporaryHome();
    const port = freePort();
    const file = join(home.path, "config.yaml");
    await Bun.write(file, JSON.stringify({ ...simpleConfig([a]), port }));
    const launcher = Bun.spawn(
      [
        "systemd-socket-activate",
        "-l",
        `127.0.0.1:${port}`,
        `--setenv=BAL_HOME=${home.path}`,
      ].concat([balBinary(), "start", "-c", file]),
      { stdio: ["ignore", "ignore", "ignore"] },
    );
    try {
      const answers = () =>
        exchange(port, "?").then(
          ({ text }) => text === "a",
          () => false,
        );
      await until("the first client is served", answers);
      launcher.kill("SIGTERM");
      expect(await launcher.exited).toBe(0);
    } finally {
      launcher.kill("SIGKILL");
    }
  },
);
