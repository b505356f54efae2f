// Socket events of the backend's side. One object for all sessions.
import { codeOf } from "../../base/os-error.ts";
import type { SocketHandlers } from "../../os/connect.ts";
import type { Session, SessionSocket } from "./session.ts";

export const backendHandlers: SocketHandlers<Session> = {
  open(socket) {
    const session = socket.data;
    // Cancelled while a connect was pending that could not be (macOS).
    if (session.phase !== "dialing" || session.backend !== null) socket.terminate();
    else session.backend = socket;
  },
  drain(socket) {
    const session = socket.data;
    if (session.backend !== socket) return;
    if (session.phase === "dialing") session.connected(socket);
    else session.flush(session.up);
  },
  data(socket, chunk) {
    const session = socket.data;
    if (!isRelaying(session, socket)) return;
    session.received(session.down, chunk);
  },
  end(socket) {
    const session = socket.data;
    if (!isRelaying(session, socket)) return;
    session.finished(session.down);
  },
  close(socket, error) {
    const session = socket.data;
    if (session.backend !== socket) return;
    if (session.phase === "dialing") session.dial?.attemptFailed(codeOf(error) ?? "ECONNRESET");
    else if (session.phase === "relaying") closed(session, error);
  },
  error(socket, error) {
    socket.data.fault(error);
  },
};

// Bytes can come with the very event that says connected.
function isRelaying(session: Session, socket: SessionSocket): boolean {
  if (session.backend !== socket) return false;
  if (session.phase === "dialing") session.connected(socket);
  return session.phase === "relaying";
}

function closed(session: Session, error: Error | undefined): void {
  // Without an error it is the FIN that came after ours: Bun gives no `end` for it then.
  if (error === undefined) session.finished(session.down);
  else session.broke(session.down);
}
