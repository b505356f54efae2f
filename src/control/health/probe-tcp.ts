// One check by a TCP connect to each address in turn. Closes with FIN, so that the backend sees a
// client that came and left, not an error.
import type { Endpoint } from "../../base/address.ts";
import { codeOf, errnoCode } from "../../base/os-error.ts";
import { connectTo, type SocketHandlers } from "../../os/connect.ts";

/** `error` is null when it passed; else the code of the last address, or ETIMEDOUT. */
export type ProbeResult = {
  readonly error: string | null /** Index that passed. */;
  readonly endpoint: number;
};

/** How long a backend may take to answer our FIN with its own. */
const LINGER_MS = 1000;

type Attempt = {
  socket: Bun.Socket<Attempt> | null;
  isConnected: boolean;
  readonly settle: (error: string | null) => void;
};

const handlers: SocketHandlers<Attempt> = {
  open(socket) {
    socket.data.socket = socket;
  },
  drain(socket) {
    socket.data.isConnected = true;
    socket.data.settle(null);
  },
  data() {},
  end() {},
  close(socket, error) {
    socket.data.settle(codeOf(error) ?? "ECONNRESET");
  },
  error(socket, error) {
    socket.data.settle(codeOf(error) ?? "EIO");
  },
};

/** Tries the endpoints from `first` on; `timeoutMs` is for all of them together. */
export async function probeTcp(
  endpoints: readonly Endpoint[],
  first: number,
  timeoutMs: number,
): Promise<ProbeResult> {
  const deadlineMs = performance.now() + timeoutMs;
  let error = "EHOSTUNREACH";
  for (let nth = 0; nth < endpoints.length; nth++) {
    const index = (first + nth) % endpoints.length;
    const endpoint = endpoints[index];
    const leftMs = deadlineMs - performance.now();
    if (endpoint === undefined || leftMs <= 0) break;
    // One address that does not answer must not use up the time of all.
    const result = await connectOnce(endpoint, leftMs / (endpoints.length - nth));
    if (result === null) return { error: null, endpoint: index };
    error = result;
  }
  return { error, endpoint: first };
}

function connectOnce(endpoint: Endpoint, timeoutMs: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const attempt: Attempt = { socket: null, isConnected: false, settle: resolve };
  const errno = connectTo({ endpoint, handlers, data: attempt });
  if (errno !== 0) return Promise.resolve(errnoCode(errno));
  const timer = setTimeout(() => resolve("ETIMEDOUT"), timeoutMs);
  return promise.finally(() => {
    clearTimeout(timer);
    leave(attempt.socket);
  });
}

// A backend that speaks first would be reset by a plain close: its greeting is read, and its FIN
// awaited for a while.
function leave(socket: Bun.Socket<Attempt> | null): void {
  if (socket === null) return;
  if (!socket.data.isConnected) return void socket.terminate();
  socket.shutdown();
  setTimeout(() => socket.end(), LINGER_MS);
}
