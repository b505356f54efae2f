// As process 1 of a container: nobody else is there to forward signals.
import { expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { simpleConfig, spawnBal } from "../../support/bal.ts";
import { namedPeer } from "../../support/peer.ts";
import { exchange } from "../../support/wire.ts";

setDefaultTimeout(30_000);

const ownPidSpace = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
const [tool, ...options] = ownPidSpace;
const isAllowed = spawnSync(tool!, [...options, "true"]).status === 0;

// Skipped where this user may not make a pid namespace.
test.skipIf(!isAllowed)("as process 1 it serves, and SIGTERM ends it with 0", async () => {
  using a = namedPeer("a");
  using bal = await spawnBal({ config: simpleConfig([a]), wrapper: ownPidSpace });
  expect((await bal.status()).pid).toBe(1);
  expect((await exchange(bal.port, "?")).text).toBe("a");
  const children = readFileSync(`/proc/${bal.pid}/task/${bal.pid}/children`, "utf8");
  process.kill(Number.parseInt(children, 10), "SIGTERM");
  expect(await bal.exited).toBe(0);
});
