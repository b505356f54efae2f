// deploy/install.sh against an HTTP server of its own with real archives.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { balBinary, runBal, simpleConfig } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(120_000);

const script = join(import.meta.dir, "../../../deploy/install.sh");
const platform = `linux-${process.arch === "arm64" ? "arm64" : "x64"}`;
const archive = `bal-${platform}.tar.gz`;
const place = mkdtempSync(join(tmpdir(), "bal-releases-"));
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const file = Bun.file(join(place, new URL(request.url).pathname));
    return (await file.exists()) ? new Response(file) : new Response("not here", { status: 404 });
  },
});
const canFetch = (Bun.which("curl") ?? Bun.which("wget")) !== null;

beforeAll(() => {
  const [latest, first] = [join(place, "latest"), join(place, "v0.0.1")];
  const contents = join(place, "contents");
  for (const folder of [latest, first, contents]) mkdirSync(folder);
  copyFileSync(balBinary(), join(contents, "bal"));
  copyFileSync(join(import.meta.dir, "../../../dist/bal.1"), join(contents, "bal.1"));
  pack(contents, latest);
  writeFileSync(join(contents, "bal"), "#!/bin/sh\necho 'bal 0.0.1 (first)'\n", { mode: 0o755 });
  pack(contents, first);
});

afterAll(async () => {
  await server.stop(true);
  rmSync(place, { recursive: true, force: true });
});

function pack(from: string, to: string): void {
  const file = join(to, archive);
  const { status } = spawnSync("tar", [
    "--use-compress-program=gzip -1",
    "-cf",
    file,
    "-C",
    from,
    ".",
  ]);
  expect(status).toBe(0);
  const sum = new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex");
  writeFileSync(
    join(to, "SHA256SUMS"),
    `${"0".repeat(64)}  bal-other.tar.gz\n${sum}  ${archive}\n`,
  );
}

/** A user's home, with nothing in it. */
function newUser() {
  const home = mkdtempSync(join(tmpdir(), "bal-user-"));
  const binary = join(home, ".local/bin/bal");
  return {
    home,
    binary,
    balHome: join(home, ".bal"),
    page: join(home, ".local/share/man/man1/bal.1"),
    async install(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
      const child = Bun.spawn(["sh", script, ...args], {
        env: {
          PATH: process.env.PATH ?? "",
          HOME: home,
          BAL_DOWNLOAD: `http://127.0.0.1:${server.port}/`,
          ...env,
        },
        cwd: home,
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      return { code: await child.exited, stdout, stderr };
    },
    /** What is in the folder of the binary. */
    binaries: () => (existsSync(dirname(binary)) ? readdirSync(dirname(binary)) : []),
    [Symbol.dispose]() {
      const pid = Number.parseInt(textOf(join(home, ".bal/bal.pid")), 10);
      if (pid > 0 && textOf(`/proc/${pid}/cmdline`).startsWith(binary))
        process.kill(pid, "SIGKILL");
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

test.skipIf(Bun.which("shellcheck") === null)(
  "shellcheck has nothing against it (where it is)",
  () => {
    const { stdout, status } = spawnSync("shellcheck", ["-s", "sh", script], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  },
);

describe.skipIf(!canFetch)("with curl or wget", () => {
  test("installs the latest, the manual too, and says what is left to do", async () => {
    using user = newUser();
    const { code, stdout, stderr } = await user.install();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^bal \S+ \(\w+\) is installed: .*\/\.local\/bin\/bal$/m);
    expect(stdout).toContain(`export PATH="${dirname(user.binary)}:$PATH"`);
    expect(stdout).not.toContain("upgrade");
    expect(spawnSync(user.binary, ["--version"], { encoding: "utf8" }).stdout).toStartWith("bal ");
    expect(user.binaries()).toEqual(["bal"]);
    expect(textOf(user.page)).toContain(".Dt BAL 1");
  });

  test.each(["0.0.1", "v0.0.1"])("installs version %s, elsewhere", async (version) => {
    using user = newUser();
    const dir = join(user.home, "opt dir");
    const { code, stdout } = await user.install(["--version", version, "--dir", dir]);
    expect(code).toBe(0);
    expect(stdout).toContain(`bal 0.0.1 (first) is installed: ${dir}/bal`);
    expect(user.binaries()).toEqual([]);
  });

  test("an archive that was tampered with is not installed, nor unpacked", async () => {
    using user = newUser();
    await user.install(["--version", "0.0.1"]);
    const bad = join(place, "v6.6.6");
    mkdirSync(bad, { recursive: true });
    copyFileSync(join(place, "latest/SHA256SUMS"), join(bad, "SHA256SUMS"));
    copyFileSync(join(place, "v0.0.1", archive), join(bad, archive));
    const { code, stderr } = await user.install(["--version", "6.6.6"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${archive} is not what SHA256SUMS says; nothing was installed`);
    expect(textOf(user.binary)).toContain("bal 0.0.1");
    expect(user.binaries()).toEqual(["bal"]);
  });

  test.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
    ["a version that there is not", ["--version", "9.9.9"], {}, "cannot download"],
    ["a platform that there is not", [], { BAL_PLATFORM: "plan9-x64" }, "no bal-plan9-x64.tar.gz"],
    ["nobody to ask", [], { BAL_DOWNLOAD: "http://127.0.0.1:9" }, "cannot download"],
    ["no place to ask", [], { BAL_DOWNLOAD: "" }, "set BAL_REPOSITORY or BAL_DOWNLOAD"],
    ["a folder that cannot be", ["--dir", "/proc/no"], {}, "cannot make /proc/no"],
  ])("%s is told, and leaves nothing behind", async (_, args, env, words) => {
    using user = newUser();
    const { code, stderr } = await user.install(args, env);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(user.binaries()).toEqual([]);
  });

  test("a binary that does not run here is not installed", async () => {
    using user = newUser();
    await user.install(["--version", "0.0.1"]);
    const contents = join(place, "contents");
    writeFileSync(join(contents, "bal"), "#!/no/such/loader\n", { mode: 0o755 });
    mkdirSync(join(place, "v7.0.0"));
    pack(contents, join(place, "v7.0.0"));
    const { code, stderr } = await user.install(["--version", "7.0.0"]);
    expect(code).toBe(1);
    expect(stderr).toContain("does not run here; nothing was installed");
    expect(textOf(user.binary)).toContain("bal 0.0.1");
  });

  test("replaces the binary of a bal that runs, which serves on, and names upgrade", async () => {
    using user = newUser();
    using a = namedPeer("a");
    expect((await user.install()).code).toBe(0);
    const config = simpleConfig([a]);
    mkdirSync(user.balHome, { mode: 0o700 });
    writeFileSync(join(user.balHome, "config.yaml"), JSON.stringify(config));
    const env = { ...process.env, BAL_HOME: user.balHome };
    expect(spawnSync(user.binary, ["start", "-d"], { env }).status).toBe(0);
    const before = statSync(user.binary).ino;
    const { code, stdout } = await user.install();
    expect(code).toBe(0);
    expect(stdout).toContain("bal upgrade");
    expect(statSync(user.binary).ino).not.toBe(before);
    expect((await exchange(config.port, "?")).text).toBe("a");

    const refused = await user.install(["--uninstall"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("bal stop") });
    expect(existsSync(user.binary)).toBe(true);
    expect((await runBal(["stop"], { home: user.balHome })).code).toBe(0);
  });

  test("uninstalls and keeps the config; --purge removes what is bal's own", async () => {
    using user = newUser();
    await user.install(["--version", "0.0.1"]);
    mkdirSync(user.balHome);
    const config = join(user.balHome, "config.yaml");
    writeFileSync(config, "port: 1\n");
    // That version answers everything with 0, `status` as well.
    writeFileSync(user.binary, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const kept = await user.install(["--uninstall"]);
    expect(kept.code).toBe(0);
    expect(kept.stdout).toContain(`still in ${user.balHome}`);
    expect([existsSync(user.binary), existsSync(user.page)]).toEqual([false, false]);
    expect(textOf(config)).toBe("port: 1\n");

    writeFileSync(join(user.balHome, "mine.txt"), "");
    expect((await user.install(["--uninstall", "--purge"])).stdout).toContain("mine.txt");
    expect(readdirSync(user.balHome)).toEqual(["mine.txt"]);
    rmSync(join(user.balHome, "mine.txt"));
    expect((await user.install(["--uninstall", "--purge"])).code).toBe(0);
    expect(existsSync(user.balHome)).toBe(false);
  });
});

test.each([[["--wibble"]], [["--version"]], [["--purge"]], [["--dir", ""]]])(
  "%j is wrong usage",
  async (args) => {
    using user = newUser();
    const { code, stderr } = await user.install(args);
    expect(code).toBe(2);
    expect(stderr).toContain("install.sh [--version V]");
  },
);

test("of a download that was cut nothing runs", () => {
  const text = readFileSync(script, "utf8");
  const cut = text.slice(0, text.lastIndexOf('main "$@"'));
  const { status, stdout, stderr } = spawnSync("sh", ["-c", cut], { encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});
