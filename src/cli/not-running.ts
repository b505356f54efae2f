import { BalError } from "../base/errors.ts";
import type { Home } from "../control/home.ts";

export function notRunning(home: Home): BalError {
  return new BalError("not-running", `no bal runs in ${home.path}`, {
    hint: "start one with `bal start`, or set BAL_HOME to where it runs",
  });
}
