// `bal check`: its codes, its forms, and that it does nothing else.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { balBinary, runBal, temporaryHome } from "../../support/bal.ts";

setDefaultTimeout(30_000);

const VALID = `port: 9295
backends:
  - {host: 10.0.0.1, port: 443}
  - {host: 10.0.0.2, port: 443}
`;
/** Two errors: line 1, and line 4. */
const INVALID = `prot: 9295
backends:
  - host: 10.0.0.1
    port: 99999
`;
/** One backend only is worth a warning. */
const SUSPICIOUS = `port: 9295
backends:
  - {host: 10.0.0.1, port: 443}
`;

/** A folder with one file in it, and `bal check` there. */
function checked(text: string | Uint8Array) {
  const folder = temporaryHome();
  const file = join(folder.path, "config.yaml");
  writeFileSync(file, text);
  const home = join(folder.path, "home");
  return {
    file,
    folder: folder.path,
    run: (args: readonly string[] = [], env: Record<string, string> = {}) =>
      runBal(["check", "-c", file, ...args], { home, env }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test("a valid file is 0 and names the file", async () => {
  using config = checked(VALID);
  const { code, stdout } = await config.run();
  expect(code).toBe(0);
  expect(stdout).toContain("config.yaml");
});

test("an invalid file is 1, with every error's place, path and remedy", async () => {
  using config = checked(INVALID);
  const { code, stdout, stderr } = await config.run();
  expect(code).toBe(1);
  const said = stdout + stderr;
  expect(said).toContain("config.yaml:1:1");
  expect(said).toContain("config.yaml:4:11");
  expect(said).toContain("backends[0].port");
  expect(said).toMatch(/\bport\b/);
  expect(said).not.toMatch(/^\s+at /m);
  expect(said).not.toContain("\u001b[");
});

test("a file that can't be read is 1 and is named", async () => {
  const { code, stderr, stdout } = await runBal(["check", "-c", "/no/such/file.yaml"]);
  expect(code).toBe(1);
  expect(stderr + stdout).toContain("/no/such/file.yaml");
});

test("an unknown option is 2", async () => {
  using config = checked(VALID);
  expect((await config.run(["--no-such-option"])).code).toBe(2);
  expect((await config.run(["--format", "xml"])).code).toBe(2);
});

test("warnings are 0, and 1 with --strict", async () => {
  using config = checked(SUSPICIOUS);
  expect((await config.run()).code).toBe(0);
  expect((await config.run(["--strict"])).code).toBe(1);
});

describe("--strict", () => {
  test("lets a warning pass that --allow or a comment names", async () => {
    using config = checked(SUSPICIOUS);
    const allowed = await config.run([
      "--strict",
      "--allow",
      "unused-pool",
      "--allow",
      "one-backend",
    ]);
    expect([allowed.code, allowed.stdout]).toEqual([0, `${config.file}: valid\n`]);
    expect((await config.run(["--strict", "--allow", "unused-pool"])).code).toBe(1);
    using marked = checked(SUSPICIOUS.replace("backends:", "backends: # bal: allow one-backend"));
    expect((await marked.run(["--strict"])).code).toBe(0);
  });

  test("says what a warning's code is, and how to let it pass", async () => {
    using config = checked(SUSPICIOUS);
    const { stderr } = await config.run(["--strict"]);
    expect(stderr).toContain("[one-backend]");
    expect(stderr).toContain("--allow CODE");
  });

  test("with --allow of what is no warning is 2", async () => {
    using config = checked(SUSPICIOUS);
    const { code, stderr } = await config.run(["--allow", "one-bakend"]);
    expect(code).toBe(2);
    expect(stderr).toContain("did you mean one-backend?");
  });
});

describe("several files", () => {
  test("are judged in one call, and named as they were given", async () => {
    using good = checked(VALID);
    writeFileSync(join(good.folder, "bad.yaml"), INVALID);
    const run = (...args: string[]) =>
      runBal(["check", ...args], { cwd: good.folder, home: join(good.folder, "home") });
    const both = await run("config.yaml", "./config.yaml");
    expect([both.code, both.stdout]).toEqual([0, "config.yaml: valid\n./config.yaml: valid\n"]);
    const one = await run("config.yaml", "bad.yaml");
    expect(one.code).toBe(1);
    expect(one.stdout).toBe("config.yaml: valid\n");
    expect(one.stderr).toContain("bad.yaml:4:11: error: backends[0].port");
    expect((await run("no-such.yaml", "config.yaml")).code).toBe(1);
  });

  test("are one JSON object, with an object each", async () => {
    using good = checked(VALID);
    writeFileSync(join(good.folder, "bad.yaml"), INVALID);
    const { code, stdout } = await runBal(["check", "--json", "config.yaml", "bad.yaml"], {
      cwd: good.folder,
    });
    expect(code).toBe(1);
    const { valid, files } = JSON.parse(stdout);
    expect(valid).toBe(false);
    expect(files.map(({ valid, file }: any) => [valid, file])).toEqual([
      [true, "config.yaml"],
      [false, "bad.yaml"],
    ]);
    expect(files[1].errors[1]).toMatchObject({ line: 4, column: 11, end_column: 16 });
  });
});

test("a config of another program is one error, which leads to import", async () => {
  using config = checked(
    "frontend edge\n  bind :443\nbackend web\n  server a 10.0.0.1:443 check\n",
  );
  const { code, stderr } = await config.run();
  expect(code).toBe(1);
  expect(stderr).toContain(":1:1: error: this is a config of HAProxy");
  expect(stderr).toContain("bal import");
  expect(stderr.match(/ error: /g)).toHaveLength(1);
});

test("- reads the file from stdin", async () => {
  const good = await runBal(["check", "-c", "-", "--json"], { stdin: VALID });
  const bad = await runBal(["check", "-c", "-", "--json"], { stdin: INVALID });
  expect([good.code, bad.code]).toEqual([0, 1]);
  expect(JSON.parse(bad.stdout).errors[0].line).toBe(1);
});

describe("--json", () => {
  test("is one object with the findings", async () => {
    using config = checked(INVALID);
    const { code, stdout } = await config.run(["--json"]);
    expect(code).toBe(1);
    const { valid, file, errors, warnings } = JSON.parse(stdout);
    expect({ valid, file, warnings }).toEqual({
      valid: false,
      file: config.file,
      warnings: expect.any(Array),
    });
    expect(errors.map(({ line, column, path, code }: any) => [line, column, path, code])).toEqual([
      [1, 1, "prot", "unknown-key"],
      [4, 11, "backends[0].port", "out-of-range"],
    ]);
    expect(errors[0].hint).toContain("port");
  });

  test("is one object for a valid file too", async () => {
    using config = checked(VALID);
    const { code, stdout } = await config.run(["--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      valid: true,
      file: config.file,
      errors: [],
      warnings: [],
    });
  });

  test("is one object when the file can't be read", async () => {
    const { code, stdout } = await runBal(["check", "-c", "/no/such/file.yaml", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, file: "/no/such/file.yaml" });
  });
});

describe("--format github", () => {
  const annotation = /^::error file=[^,]*config\.yaml,line=4,col=11(,[^:]*)?::.*99999/m;

  test("prints an annotation an error", async () => {
    using config = checked(INVALID);
    const { code, stdout } = await config.run(["--format", "github"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(annotation);
    expect(stdout.match(/^::error /gm)?.length).toBe(2);
  });

  test("is what a GitHub job gets by itself, unless it asks for another", async () => {
    using config = checked(INVALID);
    const env = { GITHUB_ACTIONS: "true" };
    expect((await config.run([], env)).stdout).toMatch(annotation);
    expect((await config.run(["--format", "pretty"], env)).stdout).not.toContain("::error");
    const { stdout } = await config.run(["--json"], env);
    expect(JSON.parse(stdout).valid).toBe(false);
  });

  test("marks warnings as such", async () => {
    using config = checked(SUSPICIOUS);
    const { code, stdout } = await config.run(["--format", "github"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^::warning file=/m);
  });
});

test("check writes nothing and makes no home", async () => {
  using config = checked(VALID);
  await config.run();
  expect(readdirSync(config.folder)).toEqual(["config.yaml"]);
  expect(existsSync(join(config.folder, "home"))).toBe(false);
});

const anchors = Array.from(
  { length: 30 },
  (_, i) => `a${i}: &a${i} [${i === 0 ? "x" : `*a${i - 1}, `.repeat(9)}]`,
);

/** Files that are no config at all. */
const GARBAGE: Readonly<Record<string, string | Uint8Array>> = {
  "an empty file": "",
  "a word": "hello",
  "a list": "- 1\n- 2\n",
  "a tab": "port: 1\n\tbackends: []\n",
  "an unclosed bracket": "backends: [{host: 10.0.0.1",
  "two documents": `${VALID}---\n${VALID}`,
  "a key twice": `port: 1\n${VALID}`,
  "bytes that are not UTF-8": new Uint8Array([0x70, 0xff, 0xfe, 0x3a, 0x20, 0x31]),
  zeros: new Uint8Array(1000),
  "deep nesting": "[".repeat(20_000),
  "an alias bomb": anchors.join("\n"),
  "a prototype": "__proto__: {port: 1}\n",
  "a large file": "# comment\n".repeat(2_000_000),
  "an unknown tag": "port: !!js/function 'x'\n",
};

test.each(Object.keys(GARBAGE))("%s is told in words, and is 1", async (name) => {
  using config = checked(GARBAGE[name]!);
  const { code, stdout, stderr } = await config.run();
  expect(code).toBe(1);
  expect(stdout + stderr).toContain("config.yaml");
  expect(stdout + stderr).not.toMatch(/^\s+at |RangeError|TypeError|undefined is not/m);
});

/** Where a config may come from that never ends. */
const ENDLESS = {
  "a device": 'exec "$0" check -c /dev/zero',
  "a pipe": 'exec "$0" check -c <(yes)',
  stdin: 'yes | "$0" check -c -',
} as const;

test.each(Object.keys(ENDLESS) as (keyof typeof ENDLESS)[])(
  "%s without an end is too large, which is told at once",
  async (kind) => {
    const child = Bun.spawn(["timeout", "10", "bash", "-c", ENDLESS[kind], balBinary()], {
      env: { PATH: process.env.PATH!, BAL_HOME: "/tmp" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await child.exited).toBe(1);
    expect(await child.stderr.text()).toMatch(
      /^\S+:1:1: error: the file has more than 1 MiB.*\n\S+: not valid, 1 error\n$/,
    );
  },
);

test("a byte order mark and Windows line ends are accepted", async () => {
  using config = checked(`\uFEFF${VALID.replaceAll("\n", "\r\n")}`);
  expect((await config.run()).code).toBe(0);
});

test("nothing in the working directory can run code in it", async () => {
  using config = checked(VALID);
  writeFileSync(join(config.folder, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(config.folder, "evil.ts"), 'console.log("evil");process.exit(7);\n');
  writeFileSync(join(config.folder, ".env"), "GITHUB_ACTIONS=true\n");
  const { code, stdout, stderr } = await runBal(["check", "-c", config.file], {
    cwd: config.folder,
  });
  expect(code).toBe(0);
  expect(stdout + stderr).not.toMatch(/evil|::/);
});
