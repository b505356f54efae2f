import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../support/until.ts";
import { parseArguments } from "../arguments.ts";
import { echoProbe } from "../load/echo-backend.ts";
import { Run } from "../run.ts";
import { Declined, type Rival, type Setup } from "./rival.ts";
import { scriptsIn } from "./scripts.ts";

const folder = mkdtempSync(join(tmpdir(), "bal-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A rival that writes down what it was called with. */
const NOTES = `#!/bin/sh
case $1 in
  version) echo 1.2.3; echo and more ;;
  start)
    [ -z "$SERVER_NAME" ] || exit 69
    echo "$LISTEN_PORT; $BACKEND_PORTS; $WORKERS; $METHOD; $ACCESS_LOG" > "$FOLDER/start"
    exec sleep 60 ;;
  reload)
    [ "$BACKEND_PORTS" != 99 ] || exit 69
    echo "$BACKEND_PORTS; $PID" > "$FOLDER/reload" ;;
esac
`;

const setup = (): Setup => ({
  folder: mkdtempSync(join(folder, "setup-")),
  listenPort: 11,
  backendPorts: [21, 22],
  workers: 3,
  method: "round_robin",
  serverName: null,
  isLogged: true,
});

function scripts(files: Readonly<Record<string, { text?: string; mode?: number }>>): string {
  const path = mkdtempSync(join(folder, "rivals-"));
  for (const [name, { text = "#!/bin/sh\nexit 1\n", mode = 0o755 }] of Object.entries(files)) {
    writeFileSync(join(path, name), text, { mode });
  }
  return path;
}

function only(path: string): Rival {
  const [rival] = scriptsIn(path) ?? [];
  if (rival === undefined) throw new Error(`no rival in ${path}`);
  return rival;
}

test("each executable of the folder is a rival, by its name", () => {
  const path = scripts({
    "z-last": {},
    "a-first": {},
    ".hidden": {},
    "README.md": { mode: 0o644 },
  });
  mkdirSync(join(path, "build"));
  expect(scriptsIn(path)?.map(({ name }) => name)).toEqual(["a-first", "z-last"]);
});

test("a rival's version is the first line that its script prints, and null when it fails", () => {
  expect(only(scripts({ notes: { text: NOTES } })).version()).toBe("1.2.3");
  expect(only(scripts({ missing: {} })).version()).toBeNull();
});

test("a script is told where to listen, its backends, and by what to balance", async () => {
  const given = setup();
  const running = await only(scripts({ notes: { text: NOTES } })).start(given);
  await written(given, "start", `11; 21 22; 3; round_robin; ${given.folder}/access.log\n`);
  expect(running.port).toBe(11);
  const [pid] = running.pids();
  await running.reload([31]);
  await written(given, "reload", `31; ${pid}\n`);
  await expect(running.reload([99])).rejects.toThrow(Declined);
  await running.stop();
  expect(running.pids()).toEqual([]);
});

test("a script that exits with 69 has declined, and has not failed", async () => {
  const rival = only(scripts({ notes: { text: NOTES } }));
  const options = { rival, workers: 1, method: "round_robin", isQuick: true, seconds: 1 } as const;
  const balanced = new Run({ ...options, folder }).balance({
    backendPorts: [21],
    probe: echoProbe,
    serverName: "a.example",
  });
  await expect(balanced).rejects.toThrow(Declined);
});

test.each([
  ["no folder", () => join(folder, "nowhere"), "is no folder"],
  ["a built-in name", () => scripts({ haproxy: {} }), "the name of a built-in rival"],
])("RIVALS with %s is wrong usage", (_, path, words) => {
  expect(() => parseArguments([], path())).toThrow(words);
});

/** The shell has written it once it is complete. */
async function written({ folder }: Setup, name: string, text: string): Promise<void> {
  const read = () => {
    try {
      return readFileSync(join(folder, name), "utf8") === text;
    } catch {
      return false;
    }
  };
  await until(`${name} is ${text}`, read);
}
