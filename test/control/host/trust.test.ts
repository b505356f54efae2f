// The owners whose files bal obeys. Only root can make files that belong to another user.
import { expect, test } from "bun:test";
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homeAt } from "../../../src/control/host/home.ts";
import { configRisk, homeRisk, ownerRisk } from "../../../src/control/host/trust.ts";
import { temporaryHome } from "../../support/bal.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

test.each([0o700, 0o750, 0o755])("a home of mode %o is safe", (mode) => {
  using folder = temporaryHome();
  chmodSync(folder.path, mode);
  expect(homeRisk(homeAt(folder.path))).toBeNull();
});

test.each([0o777, 0o1777, 0o770, 0o702])("a home of mode %o is not", (mode) => {
  using folder = temporaryHome();
  chmodSync(folder.path, mode);
  expect(homeRisk(homeAt(folder.path))).toMatchObject({
    code: "home-not-safe",
    message: `other users may write to ${folder.path}, and could answer in place of bal`,
    hint: expect.stringContaining(`chmod 700 ${folder.path}`),
  });
});

test("one that is not there yet, and one that is no folder, are judged where they are used", () => {
  using folder = temporaryHome();
  expect(homeRisk(homeAt(join(folder.path, "later")))).toBeNull();
  writeFileSync(join(folder.path, "file"), "", { mode: 0o666 });
  expect(homeRisk(homeAt(join(folder.path, "file")))).toBeNull();
});

test.skipIf(!isRoot)(
  "another user's home is looked into by root, but no bal of root's lives there",
  () => {
    using folder = temporaryHome();
    const home = homeAt(folder.path);
    expect(ownerRisk(home)).toBeNull();
    chownSync(home.path, NOBODY, NOBODY);
    expect(homeRisk(home)).toBeNull();
    expect(ownerRisk(home)?.message).toBe(`${home.path} belongs to another user (${NOBODY})`);
  },
);

test.skipIf(!isRoot)(
  "a file or symlink of another user's in a home is refused, one's own is not",
  () => {
    using folder = temporaryHome();
    const home = homeAt(folder.path);
    symlinkSync("/var/log/bal.log", home.log);
    expect(homeRisk(home)).toBeNull();
    lchownSync(home.log, NOBODY, NOBODY);
    expect(homeRisk(home)).toMatchObject({
      message: `${home.log} belongs to another user (${NOBODY}) than its folder`,
      hint: `rm ${home.log}`,
    });
  },
);

test.each([
  [0o600, false],
  [0o664, false],
  [0o666, true],
  [0o602, true],
])("a config of mode %o: everybody may write it? %p", (mode, isRisk) => {
  using folder = temporaryHome();
  const file = join(folder.path, "config.yaml");
  writeFileSync(file, "");
  chmodSync(file, mode);
  expect(configRisk(file)?.hint ?? null).toBe(isRisk ? `chmod o-w ${file}` : null);
  mkdirSync(join(folder.path, "sub"), { mode: 0o777 });
  // A pipe or a device, such as /dev/stdin, is nobody's file.
  expect(configRisk("/dev/null")).toBeNull();
});
