// Where the binary of this process is. Read when the process starts: once the file was replaced, the
// kernel says that it was deleted.
import { realpathSync } from "node:fs";
import { resolve } from "node:path";

const path = locate();

/** The binary's path, as it was called: where that is a link, the link, which may lead elsewhere by the
 *  time that it is run again. */
export function executable(): string {
  return path;
}

function locate(): string {
  const running = process.execPath.replace(/ \(deleted\)$/, "");
  try {
    const { argv0 } = process;
    const called = argv0.includes("/") ? resolve(argv0) : Bun.which(argv0);
    return called !== null && realpathSync(called) === realpathSync(running) ? called : running;
  } catch {
    return running;
  }
}
