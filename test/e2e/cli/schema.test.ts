// `bal schema`, and the one that the config to begin with names.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchema } from "../../../src/config/schema/json-schema.ts";
import { balBinary, runBal, temporaryHome } from "../../support/bal.ts";
import { until } from "../../support/until.ts";

test("prints the schema of the table", async () => {
  const { code, stdout, stderr } = await runBal(["schema"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

test("the config to begin with names the schema that is written beside it", async () => {
  using home = temporaryHome();
  const file = join(home.path, "config.yaml");
  const child = Bun.spawn([balBinary(), "start"], {
    env: { BAL_HOME: home.path },
    stdio: ["ignore", "ignore", "ignore"],
  });
  await until("the config is there", () => existsSync(file) && statSync(file).size > 0);
  child.kill("SIGKILL");
  await child.exited;
  const config = readFileSync(file, "utf8");
  const [, name] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(config) ?? [];
  expect(name).toBe("bal.schema.json");
  const schema = readFileSync(join(home.path, name!), "utf8");
  expect(schema).toBe((await runBal(["schema"])).stdout);
});

test("a config that is there is left alone, and gets no schema", async () => {
  using home = temporaryHome();
  writeFileSync(join(home.path, "config.yaml"), "port: nonsense\n");
  expect((await runBal(["start"], { home: home.path })).code).toBe(1);
  expect(await Bun.file(join(home.path, "bal.schema.json")).exists()).toBe(false);
});

test("it is on one pipe, and a reader that leaves early is nobody's error", async () => {
  const child = Bun.spawn(["sh", "-c", `${balBinary()} schema | head -c 10`], {
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await child.stdout.text()).toBe('{\n  "$sche');
  expect(await child.stderr.text()).toBe("");
});

test.each([["schema"], ["service"], ["completions bash"], ["--help"]])(
  "`%s` that a full disk did not take is 1, and told",
  async (command) => {
    const child = Bun.spawn(["sh", "-c", `${balBinary()} ${command} > /dev/full`], {
      env: { PATH: process.env.PATH!, BAL_HOME: "/tmp", NO_COLOR: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    expect(await child.exited).toBe(1);
    expect(await child.stderr.text()).toBe("error: cannot write to stdout: ENOSPC\n");
  },
);
