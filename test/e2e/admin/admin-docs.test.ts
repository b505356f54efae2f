// docs/admin-api.md: its examples are run against the binary, with its own config.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnBal } from "../../support/bal.ts";
import { freePort } from "../../support/ports.ts";

setDefaultTimeout(60_000);

const page = readFileSync(join(import.meta.dir, "../../../docs/admin-api.md"), "utf8");
const config = /^```yaml\n(.*?)^```/ms.exec(page)![1]!;

/** Each example with what it prints; null: that is not shown. */
const examples = [...page.matchAll(/^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```)?/gms)].map(
  ([, command, answer]) => ({ command: command!, answer: answer ?? null }),
);

const routes = [...page.matchAll(/`(GET|POST|PATCH|DELETE) (\/[^`]*)`/g)].map(
  ([, , path]) => path!,
);

/** The types in `value` of what the example has, which may leave keys out. Null is of any type. */
function shapeOf(value: unknown, example: unknown): unknown {
  if (example === null) return null;
  if (Array.isArray(example) && Array.isArray(value)) {
    return example.map((item, index) => shapeOf(value[index], item));
  }
  if (typeof example !== "object") return typeof value;
  const object = value as Readonly<Record<string, unknown>> | undefined;
  return Object.fromEntries(
    Object.entries(example).map(([key, item]) => [key, shapeOf(object?.[key], item)]),
  );
}

async function run(command: string, home: string) {
  const child = Bun.spawn(["bash", "-ec", command], {
    cwd: home,
    env: { PATH: process.env.PATH ?? "", BAL_HOME: home },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, code };
}

test("it has an example for every route that it tells of", () => {
  expect(examples.length).toBeGreaterThan(8);
  const commands = examples.map(({ command }) => command).join("\n");
  const names = { "{pool}": "web", "{backend}": "app1", "{id}": "03f8k-17" };
  const concrete = routes.map((path) =>
    Object.entries(names).reduce((text, [key, name]) => text.replace(key, name), path),
  );
  expect(concrete.filter((path) => !commands.includes(path))).toEqual([]);
});

test("every example does what is shown", async () => {
  const [listener, admin] = [String(freePort()), String(freePort())];
  const local = (text: string) =>
    text.replaceAll("8443", listener).replaceAll("9296", admin).replaceAll("10.0.0.", "127.0.0.");
  const first = {
    port: Number(listener),
    watch: false,
    backends: [{ host: "127.0.0.1", port: 1 }],
  };
  using bal = await spawnBal({ config: first });
  writeFileSync(join(bal.home, "admin.token"), "s3cret-s3cret-s3cret\n", { mode: 0o600 });
  bal.write(local(config));
  expect((await bal.run("graceful")).code).toBe(0);
  for (const { command, answer } of examples) {
    const { stdout, stderr, code } = await run(local(command), bal.home);
    expect({ command, stderr, code }).toEqual({ command, stderr: expect.any(String), code: 0 });
    if (answer === null) continue;
    const example: unknown = JSON.parse(answer);
    const shape = shapeOf(JSON.parse(stdout), example);
    expect({ command, shape }).toEqual({ command, shape: shapeOf(example, example) });
  }
  expect(await bal.exited).toBe(0);
});
