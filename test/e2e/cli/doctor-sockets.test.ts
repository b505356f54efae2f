// `bal doctor` on the paths of unix sockets that bal listens on, or is to.
import { expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Bal,
  type ConfigObject,
  fullConfig,
  spawnBal,
  temporaryHome,
} from "../../support/bal.ts";
import { listeningUnix } from "../../support/listening.ts";
import { freePort } from "../../support/ports.ts";
import { ownName } from "../../support/processes.ts";

setDefaultTimeout(60_000);

const backends = [{ host: "127.0.0.1", port: freePort() }];
const configAt = (unix: string, more: ConfigObject = {}) =>
  fullConfig({ backends, listener: { unix, ...more } }, { watch: false }).config;

const findings = async (bal: Bal, config: ConfigObject) => {
  bal.write(config);
  const { stdout } = await bal.run("doctor", "--json", "-c", bal.file);
  const { findings } = JSON.parse(stdout);
  return findings
    .filter(({ check }: { check: string }) => check === "unix-sockets")
    .map(({ level, message }: { level: string; message: string }) => `${level}: ${message}`);
};

test("a path is told to be bal's own, free, taken, no socket's, or in no folder", async () => {
  using folder = temporaryHome();
  const [own, free, stale, taken, file] = ["own", "free", "stale", "taken", "file"].map((name) =>
    join(folder.path, name),
  ) as [string, string, string, string, string];
  listeningUnix(stale)[Symbol.dispose]();
  using _ = listeningUnix(taken);
  writeFileSync(file, "");
  using bal = await spawnBal({ config: configAt(own) });
  const of = (path: string, listener: ConfigObject = {}) => findings(bal, configAt(path, listener));
  expect(await of(own)).toEqual([`ok: ${own} is bal's own`]);
  expect(await of(own, { mode: "0600" })).toEqual([
    `advice: ${own} has mode 0660, but the config has 0600`,
  ]);
  expect(await of(free)).toEqual([`ok: ${free} is free`]);
  expect(await of(stale)).toEqual([`ok: ${stale} is free`]);
  expect(await of(taken)).toEqual([
    `broken: ${taken} is in use by ${ownName()} (pid ${process.pid})`,
  ]);
  expect(await of(file)).toEqual([`broken: ${file} exists and is not a socket`]);
  expect(await of("/none/a.sock")).toEqual(["broken: the folder /none does not exist"]);
  expect(await of(`@${own}`)).toEqual([`ok: @${own} is free`]);
  rmSync(own);
  expect(await of(own)).toEqual([
    `broken: ${own} is no longer bal's socket: no client can connect`,
  ]);
});
