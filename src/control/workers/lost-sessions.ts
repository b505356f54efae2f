// The access log's lines of sessions whose thread is lost: when, by which listener, and who the client was, as its
// socket still tells. The rest was in the thread's memory.
import { formatHostPort, parseIp } from "../../base/address.ts";
import type { AccessConfig } from "../../config/config.ts";
import { isLinux } from "../../os/libc.ts";
import { peerEndpoint } from "../../os/socket.ts";
import { type AccessRecord, lineMaker } from "../../shared/access-line.ts";
import type { Board } from "../../shared/board.ts";
import type { AccessLines } from "../../shared/worker-messages.ts";

type LostSessionsOptions = {
  readonly board: Board;
  readonly config: () => AccessConfig;
  /** A listener's name by its row; null: it is gone. */
  readonly nameOf: (listener: number) => string | null;
  readonly post: (lines: AccessLines) => void;
};

/** Returns what logs the sessions of a thread, by its row. It is called before their sockets are closed. */
export function lostSessionLog(options: LostSessionsOptions): (row: number) => void {
  const { board, nameOf, post } = options;
  return (row) => {
    const config = options.config();
    if (config.mode === "off" || !isLinux) return;
    const lineOf = lineMaker(config);
    const lines = board.descriptors
      .clientsOf(row)
      .map(({ fd, listener }) => lineOf(recordOf(nameOf(listener), clientName(fd))));
    if (lines.length === 0) return;
    post({ kind: "access", file: config.file, lines: lines.length, text: lines.join("\n") });
  };
}

function recordOf(listener: string | null, client: string | null): AccessRecord {
  return {
    ...{ endedAtMs: Date.now(), end: "fault", listener, client },
    ...{ sni: null, pool: null, backend: null, attempts: null, queueMs: null, dialMs: null },
    ...{ firstByteMs: null, durationMs: null, bytesUp: null, bytesDown: null },
  };
}

// A client that has gone has no address any more, and neither has one on a unix socket.
function clientName(fd: number): string | null {
  const peer = peerEndpoint(fd);
  if (peer === null || peer.family === "unix") return null;
  return formatHostPort(parseIp(peer.ip)?.ip ?? peer.ip, peer.port);
}
