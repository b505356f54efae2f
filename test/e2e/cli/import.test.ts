// `bal import`: what it prints where, its exit codes, and files that a config names.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runBal, temporaryHome } from "../../support/bal.ts";

setDefaultTimeout(30_000);

const WHOLE = `listen web
  mode tcp
  bind *:4000
  timeout client 1m
  timeout server 1m
  server a 10.0.0.1:80 check
  server b 10.0.0.2:80 check
`;

async function imported(files: Readonly<Record<string, string>>, ...args: readonly string[]) {
  using folder = temporaryHome();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  const [first = ""] = Object.keys(files);
  const home = join(folder.path, "home");
  return await runBal(["import", join(folder.path, first), ...args], { home });
}

test("a file that is carried whole is exit 0, and its config is on stdout alone", async () => {
  const { code, stdout, stderr } = await imported({ "haproxy.cfg": WHOLE });
  expect(code).toBe(0);
  expect(Bun.YAML.parse(stdout)).toMatchObject({ pools: { web: {} } });
  expect(stderr).toBe(
    "0 lines lost, 0 with a difference in meaning, 0 needless; `bal check` accepts the rest\n",
  );
});

test("what is printed passes bal check", async () => {
  using folder = temporaryHome();
  const { stdout } = await imported({ "haproxy.cfg": WHOLE });
  const file = join(folder.path, "config.yaml");
  writeFileSync(file, stdout);
  expect((await runBal(["check", "-c", file])).code).toBe(0);
});

test("a line that is lost is exit 1, and stands on stderr with its file and number", async () => {
  const { code, stdout, stderr } = await imported({ "haproxy.cfg": `${WHOLE}  wonder on\n` });
  expect(code).toBe(1);
  expect(stdout).toContain("listeners:");
  expect(stderr).toMatch(/haproxy\.cfg:8: lost: `wonder on`: /);
});

test("files that nginx includes are read from the config's folder", async () => {
  const { code, stdout } = await imported({
    "nginx.conf": "stream { include conf.d/*.conf; }\n",
    "conf.d/b.conf": "server { listen 4001; proxy_pass a; }\n",
    "conf.d/a.conf": "upstream a { server 10.0.0.1:80; }\n",
  });
  expect(code).toBe(0);
  expect(stdout).toContain("{name: a, port: 4001, pool: a}  # conf.d/b.conf:1");
});

test("a list that HAProxy reads from a file is read from the config's folder", async () => {
  const { code, stdout } = await imported({
    "haproxy.cfg": `${WHOLE}  tcp-request connection reject unless { src -f lists/office }\n`,
    "lists/office": "10.0.0.0/8\n",
  });
  expect(code).toBe(0);
  expect(stdout).toContain("allow: [10.0.0.0/8]");
});

test.each([
  ["port: 1\nbackends: [{host: a, port: 1}]\n", "neither a haproxy.cfg nor an nginx.conf"],
  ["entryPoints:\n  web: {address: ':80'}\n", "a config of Traefik"],
])("a file that is neither kind is exit 2: %j", async (text, message) => {
  const { code, stdout, stderr } = await imported({ "some.conf": text });
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
});

test("nothing to carry is exit 1, without a config", async () => {
  const { code, stdout, stderr } = await imported({ "haproxy.cfg": "global\n  daemon\n" });
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain("nothing in ");
});

test("a file that is not there is exit 1", async () => {
  const { code, stderr } = await runBal(["import", "/nowhere/haproxy.cfg"]);
  expect(code).toBe(1);
  expect(stderr).toContain("there is no such file");
});

test("scripts get the config and the notes as JSON", async () => {
  const { code, stdout } = await imported({ "haproxy.cfg": `${WHOLE}  wonder on\n` }, "--json");
  expect(code).toBe(1);
  const { from, config, notes } = JSON.parse(stdout);
  expect(from).toBe("haproxy");
  expect(config).toContain("listeners:");
  expect(notes).toMatchObject([{ kind: "lost", quotes: [{ line: 8, text: "wonder on" }] }]);
});
