// Socket events of the backend's side, from the connect on. One object for all sessions.
import { codeOf } from "../../base/os-error.ts";
import type { SocketHandlers } from "../../os/connect.ts";
import { descriptorOf } from "../../os/socket.ts";
import type { Session, SessionSocket } from "./session.ts";
import { broke, finished } from "./teardown.ts";

/** How a connect of a session that dials comes out. */
type ConnectEvents = {
  readonly connected: (session: Session, socket: SessionSocket) => void;
  /** The socket is closed. */
  readonly failed: (session: Session, code: string) => void;
};

export function makeBackendHandlers(connect: ConnectEvents): SocketHandlers<Session> {
  // Bytes can come with the very event that says connected.
  const isRelaying = (session: Session, socket: SessionSocket): boolean => {
    if (session.backend !== socket) return false;
    if (session.phase === "dialing") connect.connected(session, socket);
    return session.isRelaying;
  };
  return {
    open(socket) {
      const session = socket.data;
      takeDescriptor(session, socket);
      // Cancelled while a connect was pending that could not be (macOS).
      if (session.phase !== "dialing" || session.backend !== null) socket.terminate();
      else session.backend = socket;
    },
    drain(socket) {
      const session = socket.data;
      if (session.backend !== socket) return;
      if (session.phase === "dialing") connect.connected(session, socket);
      else session.flush(session.up);
    },
    data(socket, chunk) {
      const session = socket.data;
      if (isRelaying(session, socket)) session.received(session.down, chunk);
    },
    end(socket) {
      const session = socket.data;
      if (isRelaying(session, socket)) finished(session, session.down);
    },
    close(socket, error) {
      const session = socket.data;
      leaveDescriptor(session);
      if (session.backend !== socket) return;
      if (session.phase === "dialing") connect.failed(session, codeOf(error) ?? "ECONNRESET");
      else if (session.isRelaying) closed(session, error);
    },
    error(socket, error) {
      socket.data.fault(error);
    },
  };
}

function closed(session: Session, error: Error | undefined): void {
  // As for a client.
  if (error !== undefined) broke(session, session.down);
  finished(session, session.down);
}

function takeDescriptor(session: Session, socket: SessionSocket): void {
  const { thread } = session;
  session.backendFd = descriptorOf(socket);
  thread.board.descriptors.take(thread.worker, session.backendFd);
}

function leaveDescriptor(session: Session): void {
  const { thread, backendFd } = session;
  thread.board.descriptors.leave(thread.worker, backendFd);
  session.backendFd = -1;
}
