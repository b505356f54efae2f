// One check: connects to each address in turn and, where its type asks, talks to the backend. Closes
// with FIN, so that the backend sees a client that came and left, not an error.
import type { PeerCertificate } from "node:tls";
import type { Endpoint } from "../../base/address.ts";
import { deadlineIn } from "../../base/lateness.ts";
import { codeOf, errnoCode } from "../../base/os-error.ts";
import { connectTo, isConnectedToItself, type SocketHandlers } from "../../os/connect.ts";
import { judgeHandshake } from "./certificate.ts";
import { Answer, CONNECT_ONLY, type Conversation } from "./conversation.ts";

/** `error` is null when it passed; else the code of the last address, or ETIMEDOUT. */
export type ProbeResult = {
  readonly error: string | null;
  /** Index that passed. */
  readonly endpoint: number;
  /** When the backend's certificate ends; null: none was seen. */
  readonly expiresAt?: Date | null;
};

/** How long a backend may take to answer our FIN with its own. */
const LINGER_MS = 1000;
/** What it may still say meanwhile: a greeting or the rest of an answer, not a download. */
const LINGER_BYTES = 64 * 1024;

type Attempt = {
  socket: Bun.Socket<Attempt> | null;
  /** Its connect has completed. */
  hasBegun: boolean;
  /** There is somebody to take leave of. */
  isConnected: boolean;
  expiresAt: Date | null;
  /** What may still be read, once it is judged; null: it is not. */
  leftBytes: number | null;
  readonly endpoint: Endpoint;
  readonly conversation: Conversation;
  readonly answer: Answer | null;
  readonly settle: (error: string | null) => void;
};

const handlers: SocketHandlers<Attempt> = {
  open(socket) {
    socket.data.socket = socket;
  },
  drain(socket) {
    const attempt = socket.data;
    if (attempt.hasBegun) return;
    attempt.hasBegun = true;
    if (isConnectedToItself(socket, attempt.endpoint)) return attempt.settle("ECONNREFUSED");
    const { send, judge, tls } = attempt.conversation;
    if (send.length > 0) socket.write(send);
    if (tls !== null) return beginTls(socket, tls);
    attempt.isConnected = true;
    if (judge === null) attempt.settle(null);
  },
  data(socket, chunk) {
    const attempt = socket.data;
    if (attempt.leftBytes !== null) {
      attempt.leftBytes -= chunk.length;
      if (attempt.leftBytes < 0) socket.end();
      return;
    }
    const verdict = attempt.answer?.take(chunk);
    if (verdict !== undefined) attempt.settle(verdict);
  },
  end(socket) {
    const { answer, conversation, settle } = socket.data;
    if (answer !== null) settle("it closed before it had answered");
    else if (conversation.tls !== null) settle("it closed during the TLS handshake");
  },
  close(socket, error) {
    const isTalking = socket.data.isConnected && socket.data.answer !== null;
    const gone = isTalking ? "it closed before it had answered" : "ECONNRESET";
    socket.data.settle(codeOf(error) ?? gone);
  },
  error(socket, error) {
    socket.data.settle(codeOf(error) ?? "EIO");
  },
};

const tlsHandlers = {
  ...handlers,
  drain() {},
  /** Completed or not: what is wrong with the certificate or the handshake. */
  handshake(socket: Bun.Socket<Attempt>, _isNamed: boolean, problem: Error | null) {
    const attempt = socket.data;
    const { tls } = attempt.conversation;
    if (tls === null) return;
    const certificate = certificateOf(socket);
    const error = judgeHandshake(problem, certificate, tls);
    // Of one that failed there is nobody to take leave of.
    attempt.isConnected = certificate !== null;
    if (certificate !== null) attempt.expiresAt = new Date(certificate.valid_to);
    attempt.settle(error);
  },
};

/** Speaks TLS from now on, with any certificate: `handshake` judges it. */
function beginTls(
  socket: Bun.Socket<Attempt>,
  { serverName }: { readonly serverName: string },
): void {
  const tls = { rejectUnauthorized: false, ...(serverName !== "" && { serverName }) };
  socket.upgradeTLS({ tls, data: socket.data, socket: tlsHandlers });
}

/** Tries the endpoints from `first` on; `timeoutMs` is for all of them together. */
export async function probeBackend(
  endpoints: readonly Endpoint[],
  first: number,
  timeoutMs: number,
  conversation: Conversation = CONNECT_ONLY,
): Promise<ProbeResult> {
  const deadlineMs = performance.now() + timeoutMs;
  let failed: Omit<ProbeResult, "endpoint"> = { error: "EHOSTUNREACH" };
  for (let nth = 0; nth < endpoints.length; nth++) {
    const index = (first + nth) % endpoints.length;
    const endpoint = endpoints[index];
    const leftMs = deadlineMs - performance.now();
    if (endpoint === undefined || leftMs <= 0) break;
    // One address that does not answer must not use up the time of all.
    const result = await connectOnce(endpoint, leftMs / (endpoints.length - nth), conversation);
    if (result.error === null) return { ...result, endpoint: index };
    failed = result;
  }
  return { ...failed, endpoint: first };
}

async function connectOnce(
  endpoint: Endpoint,
  timeoutMs: number,
  conversation: Conversation,
): Promise<Omit<ProbeResult, "endpoint">> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const { judge, tls } = conversation;
  const answer = judge === null ? null : new Answer(judge);
  const attempt: Attempt = {
    ...{ socket: null, hasBegun: false, isConnected: false, expiresAt: null, leftBytes: null },
    ...{ endpoint, conversation, answer, settle: resolve },
  };
  const errno = connectTo({ endpoint, handlers, data: attempt });
  if (errno !== 0) return { error: errnoCode(errno) };
  const cancel = deadlineIn(timeoutMs, () => resolve("ETIMEDOUT"));
  const error = await promise;
  cancel();
  leave(attempt.socket);
  return { error, ...(tls !== null && { expiresAt: attempt.expiresAt }) };
}

function certificateOf(socket: object): PeerCertificate | null {
  const { getPeerCertificate } = socket as { getPeerCertificate?: () => Partial<PeerCertificate> };
  const certificate = getPeerCertificate?.call(socket);
  return certificate?.valid_to === undefined ? null : (certificate as PeerCertificate);
}

// A backend that speaks first would be reset by a plain close: its greeting is read, and its FIN
// awaited for a while. One that sends on and on is reset.
function leave(socket: Bun.Socket<Attempt> | null): void {
  if (socket === null) return;
  socket.data.leftBytes = LINGER_BYTES;
  if (!socket.data.isConnected) return void socket.terminate();
  socket.shutdown();
  setTimeout(() => socket.end(), LINGER_MS);
}
