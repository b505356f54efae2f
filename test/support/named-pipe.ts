// A named pipe whose reader is the test: it reads when it likes, which may be never.
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";

export function pipeIn(folder: string) {
  const path = join(folder, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const chunk = Buffer.alloc(1024 * 1024);
  const read = () => {
    try {
      return chunk.toString("utf8", 0, readSync(fd, chunk));
    } catch {
      return "";
    }
  };
  return { path, read, close: () => closeSync(fd) };
}
