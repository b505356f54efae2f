// Socket events of the client's side, after accept. One object for all sessions.
import type { Session, SessionSocket } from "./session.ts";
import { broke, finished } from "./teardown.ts";

// A client that was refused at accept has no session.
type Client = Bun.Socket<Session | undefined>;

export const clientHandlers = {
  drain(socket: Client): void {
    const session = sessionOf(socket);
    if (session !== null) session.flush(session.down);
  },
  data(socket: Client, chunk: Uint8Array): void {
    const session = sessionOf(socket);
    if (session !== null) session.received(session.up, chunk);
  },
  end(socket: Client): void {
    const session = sessionOf(socket);
    if (session !== null) finished(session, session.up);
  },
  close(socket: Client, error?: Error): void {
    if (socket.data !== undefined) leaveDescriptor(socket.data);
    const session = sessionOf(socket);
    if (session === null) return;
    // Without an error it is the FIN that came after ours: Bun gives no `end` for it then. With one,
    // everything before it was read.
    if (error !== undefined) broke(session, session.up);
    finished(session, session.up);
  },
  error(socket: Client, error: Error): void {
    const session = sessionOf(socket);
    if (session === null) socket.terminate();
    else session.fault(error);
  },
};

function sessionOf(socket: Client): Session | null {
  const session = (socket as SessionSocket).data;
  return session === undefined || session.phase === "ended" ? null : session;
}

function leaveDescriptor(session: Session): void {
  const { thread, clientFd } = session;
  thread.board.descriptors.leave(thread.worker, clientFd);
  session.clientFd = -1;
}
