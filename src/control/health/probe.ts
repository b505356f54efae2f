// One round of checks of a backend: connects to each address in turn and talks to it as each check
// asks; all must pass at one address. Closes with FIN, so that the backend sees a client that came and
// left, not an error.
import type { PeerCertificate } from "node:tls";
import type { Endpoint } from "../../base/address.ts";
import { deadlineIn } from "../../base/lateness.ts";
import { codeOf, errnoCode } from "../../base/os-error.ts";
import { connectTo, isConnectedToItself, type SocketHandlers } from "../../os/connect.ts";
import type { Move, Talk } from "../../policy/health/talk.ts";
import { judgeHandshake } from "./certificate.ts";
import type { Conversation, TlsQuestion } from "./conversation.ts";
import { describeBreak, describeConnect, within } from "./failure.ts";
import { tlsOptions } from "./tls-options.ts";

export type ProbeResult = {
  /** Null when all passed; else why the last address failed, in words. */
  readonly error: string | null;
  /** That error's code where the connect failed; else null. */
  readonly code: string | null;
  /** Index that passed. */
  readonly endpoint: number;
  /** When the backend's certificate ends; null: none was seen. */
  readonly expiresAt: Date | null;
};

type Outcome = Omit<ProbeResult, "endpoint">;

/** How long a backend may take to answer our FIN with its own. */
const LINGER_MS = 1000;
/** The bytes that it may still send meanwhile: a greeting or the rest of an answer, not a download. */
const LINGER_BYTES = 64 * 1024;

type Attempt = {
  socket: Bun.Socket<Attempt> | null;
  /** The thing it waits for: its timeout's message says so. */
  phase: "connect" | "tls" | "talk";
  /** There is a peer to take leave of. */
  isConnected: boolean;
  expiresAt: Date | null;
  /** The bytes that may still be read once it has its verdict; null: it has none yet. */
  leftBytes: number | null;
  readonly endpoint: Endpoint;
  lull: Timer | null;
  readonly conversation: Conversation;
  readonly talk: Talk | null;
  readonly settle: (error: string | null, code?: string | null) => void;
};

const handlers: SocketHandlers<Attempt> = {
  open(socket) {
    socket.data.socket = socket;
  },
  drain(socket) {
    const attempt = socket.data;
    if (attempt.phase !== "connect") return;
    const { header, tls } = attempt.conversation;
    if (isConnectedToItself(socket, attempt.endpoint)) {
      return attempt.settle(describeConnect("ECONNREFUSED"), "ECONNREFUSED");
    }
    attempt.phase = tls === null ? "talk" : "tls";
    if (header.length > 0) socket.write(header);
    if (tls !== null) return beginTls(socket, tls);
    attempt.isConnected = true;
    beginTalk(socket);
  },
  data(socket, chunk) {
    // Where TLS is spoken, what comes here is not yet deciphered.
    if (socket.data.conversation.tls === null) heard(socket, chunk);
  },
  end(socket) {
    if (socket.data.conversation.tls === null || socket.data.phase !== "talk") ended(socket);
  },
  close(socket, error) {
    const { phase, settle } = socket.data;
    if (phase !== "connect") return error === undefined ? ended(socket) : broken(socket, error);
    const code = codeOf(error) ?? "ECONNRESET";
    settle(describeConnect(code), code);
  },
  error(socket, error) {
    broken(socket, error);
  },
};

const tlsHandlers = {
  ...handlers,
  drain() {},
  data: heard,
  end: ended,
  /** Completed or not: what is wrong with the certificate or the handshake. */
  handshake(socket: Bun.Socket<Attempt>, _isNamed: boolean, problem: Error | null) {
    const attempt = socket.data;
    const { tls } = attempt.conversation;
    if (tls === null) return;
    const certificate = certificateOf(socket);
    const error = judgeHandshake(problem, certificate, tls);
    // Where it failed there is no peer to take leave of.
    attempt.isConnected = certificate !== null;
    if (certificate !== null) attempt.expiresAt = new Date(certificate.valid_to);
    if (error !== null) return attempt.settle(error);
    attempt.phase = "talk";
    beginTalk(socket);
  },
};

function heard(socket: Bun.Socket<Attempt>, chunk: Uint8Array): void {
  const attempt = socket.data;
  if (attempt.leftBytes !== null) {
    attempt.leftBytes -= chunk.length;
    if (attempt.leftBytes < 0) socket.end();
  } else if (attempt.talk !== null) make(socket, attempt.talk.hear(chunk));
}

function ended(socket: Bun.Socket<Attempt>): void {
  const { phase, talk, settle, leftBytes } = socket.data;
  if (leftBytes !== null) return;
  if (phase === "talk" && talk !== null) make(socket, talk.hearEnd());
  else settle(describeBreak(phase, null));
}

function broken({ data }: Bun.Socket<Attempt>, error: Error): void {
  data.settle(describeBreak(data.phase, error));
}

/** Speaks TLS from now on, with any certificate: `handshake` examines it. */
function beginTls(socket: Bun.Socket<Attempt>, question: TlsQuestion): void {
  const { settle } = socket.data;
  try {
    const tls = tlsOptions(question);
    const [, secure] = socket.upgradeTLS({ tls, data: socket.data, socket: tlsHandlers });
    socket.data.socket = secure;
  } catch (error) {
    settle(`bal cannot speak TLS to it: ${error instanceof Error ? error.message : error}`);
  }
}

function beginTalk(socket: Bun.Socket<Attempt>): void {
  const { talk, settle } = socket.data;
  if (talk === null) settle(null);
  else make(socket, talk.begin());
}

function make(socket: Bun.Socket<Attempt>, move: Move): void {
  const attempt = socket.data;
  if (attempt.lull !== null) clearTimeout(attempt.lull);
  attempt.lull = null;
  switch (move.kind) {
    case "more":
      return;
    case "pause": {
      const { talk } = attempt;
      if (talk !== null) attempt.lull = setTimeout(() => make(socket, talk.lull()), move.forMs);
      return;
    }
    case "say":
      // A request is small: the kernel of one that has just connected takes it whole.
      if (socket.write(move.bytes) < move.bytes.length)
        attempt.settle("it does not read what is sent");
      else if (attempt.talk?.isOver === true) attempt.settle(null);
      return;
    case "passed":
      return attempt.settle(null);
    case "failed":
      return attempt.settle(move.reason);
    default:
      return move satisfies never;
  }
}

/** Tries the endpoints from `first` on: the checks together, each within its own time for all of them. */
export async function probeBackend(
  endpoints: readonly Endpoint[],
  first: number,
  conversations: readonly Conversation[],
): Promise<ProbeResult> {
  const startedAtMs = performance.now();
  let failed: Outcome = { error: "it has no address", code: "EHOSTUNREACH", expiresAt: null };
  for (let nth = 0; nth < endpoints.length; nth++) {
    const index = (first + nth) % endpoints.length;
    const endpoint = endpoints[index];
    if (endpoint === undefined) break;
    // One address that does not answer must not use up the time of all.
    const left = (timeoutMs: number) =>
      (timeoutMs + startedAtMs - performance.now()) / (endpoints.length - nth);
    const outcomes = await Promise.all(
      conversations.map((one) => probeOnce(endpoint, left(one.timeoutMs), one)),
    );
    const outcome = joined(outcomes, conversations);
    if (outcome.error === null) return { ...outcome, endpoint: index };
    failed = outcome;
  }
  return { ...failed, endpoint: first };
}

// The first that failed says why.
function joined(outcomes: readonly Outcome[], conversations: readonly Conversation[]): Outcome {
  const worst = outcomes.findIndex(({ error }) => error !== null);
  const expiries = outcomes.flatMap(({ expiresAt }) => expiresAt ?? []);
  const [expiresAt = null] = expiries.sort((a, b) => a.getTime() - b.getTime());
  const failed = outcomes[worst];
  if (failed === undefined) return { error: null, code: null, expiresAt };
  const which = conversations.length > 1 ? `check ${worst + 1}: ` : "";
  return { error: `${which}${failed.error}`, code: failed.code, expiresAt };
}

async function probeOnce(
  endpoint: Endpoint,
  timeoutMs: number,
  conversation: Conversation,
): Promise<Outcome> {
  const at = placed(endpoint, conversation.port);
  const { promise, resolve } = Promise.withResolvers<Pick<Outcome, "error" | "code">>();
  const attempt: Attempt = {
    ...{ socket: null, phase: "connect", isConnected: false, expiresAt: null, leftBytes: null },
    ...{ lull: null, endpoint: at, conversation, talk: conversation.talk?.() ?? null },
    settle: (error, code = null) => resolve({ error, code }),
  };
  if (timeoutMs <= 0) return { ...late(attempt), expiresAt: null };
  const errno = connectTo({
    endpoint: at,
    handlers,
    data: attempt,
    sources: conversation.sources ?? [],
  });
  if (errno !== 0) {
    const code = errnoCode(errno);
    return { error: describeConnect(code), code, expiresAt: null };
  }
  const cancel = deadlineIn(timeoutMs, () => resolve(late(attempt)));
  const outcome = await promise;
  cancel();
  leave(attempt);
  return { ...outcome, expiresAt: attempt.expiresAt };
}

// The time of the last address ends with that of the check, which is what an operator has set.
function late({ phase, talk, conversation }: Attempt): Pick<Outcome, "error" | "code"> {
  const missing =
    phase === "connect" ? "no connection" : phase === "tls" ? "no TLS handshake" : talk?.missing;
  const code = phase === "connect" ? "ETIMEDOUT" : null;
  return { error: within(missing ?? "no answer", conversation.timeoutMs), code };
}

function placed(endpoint: Endpoint, port: number): Endpoint {
  return port === 0 || endpoint.family === "unix" ? endpoint : { ...endpoint, port };
}

function certificateOf(socket: object): PeerCertificate | null {
  const { getPeerCertificate } = socket as { getPeerCertificate?: () => Partial<PeerCertificate> };
  const certificate = getPeerCertificate?.call(socket);
  return certificate?.valid_to === undefined ? null : (certificate as PeerCertificate);
}

// A backend that speaks first would be reset by a plain close: its greeting is read, and its FIN
// awaited for a while. One that sends on and on is reset.
function leave(attempt: Attempt): void {
  const { socket, lull } = attempt;
  if (lull !== null) clearTimeout(lull);
  attempt.leftBytes = LINGER_BYTES;
  if (socket === null) return;
  if (!attempt.isConnected) return void socket.terminate();
  socket.shutdown();
  setTimeout(() => socket.end(), LINGER_MS);
}
