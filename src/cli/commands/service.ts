// `bal service`: the systemd unit that runs this binary.
import { resolve } from "node:path";
import { defineCommand } from "citty";
import { executable } from "../../os/executable.ts";
import type { ExitCode } from "../exit.ts";
import { say } from "../output.ts";
import { isInHome, unit } from "../unit.ts";

export const service = defineCommand({
  meta: { name: "service", description: "Print the systemd unit that runs this binary" },
  args: {
    user: { type: "boolean", description: "print a unit for this user instead of the system" },
  },
  run({ args }): ExitCode {
    const binary = executable();
    const scope = args.user === true ? "user" : "system";
    const { BAL_HOME } = process.env;
    say(1, unit({ binary, scope, home: BAL_HOME ? resolve(BAL_HOME) : null }).trimEnd());
    if (scope === "system" && isInHome(binary)) {
      say(2, `note: another user may not be able to run ${binary}; put it in /usr/local/bin`);
    }
    return 0;
  },
});
