// The kernel and the clock.

import { statSync } from "node:fs";
import { release } from "node:os";
import { isLinux } from "../../os/libc.ts";
import { closePipe, openPipe } from "../../os/splice.ts";
import { type Finding, Findings } from "./finding.ts";

const CLOCK_SAMPLE_MS = 200;
/** Over the sample; a step of less hurts nobody. */
const MAX_DRIFT_MS = 50;
const DAY_MS = 86_400_000;
const PIPE_BYTES = 256 * 1024;

export function checkKernel(zeroCopy: boolean): readonly Finding[] {
  const found = new Findings("kernel");
  if (!isLinux) {
    found.advise(
      "this is not Linux: bal has one worker and does not splice",
      "use Linux in production",
    );
    return found.all;
  }
  const pipe = openPipe(PIPE_BYTES, PIPE_BYTES);
  if (pipe !== null) closePipe(pipe);
  else if (zeroCopy) {
    found.advise(
      "the kernel gives no pipe of 256 KiB, so bulk data is copied and not spliced",
      "see fs.pipe-user-pages-soft, fs.pipe-max-size and the open-file limit",
    );
  }
  return found.okUnlessOther(`Linux ${release()}`).all;
}

/** Whether the time of day goes as fast as time does, and is not before this binary was written. */
export async function checkClock(): Promise<readonly Finding[]> {
  const found = new Findings("clock");
  const [wall, monotonic] = [Date.now(), performance.now()];
  await Bun.sleep(CLOCK_SAMPLE_MS);
  const drift = Date.now() - wall - (performance.now() - monotonic);
  if (Math.abs(drift) > MAX_DRIFT_MS) {
    found.advise(
      `the clock jumped by ${Math.round(drift)} ms during this check`,
      "run only one time service; bal itself is not affected",
    );
  }
  const writtenMs = statSync(process.execPath).mtimeMs;
  if (Date.now() < writtenMs - DAY_MS) {
    found.broken(
      `the clock says ${new Date().toISOString()}, which is before this binary was built (${new Date(writtenMs).toISOString()})`,
      "set the clock, because logs and the expiry of certificates depend on it",
    );
  }
  return found.okUnlessOther("the clock is steady").all;
}
