// Messages of the control plane that every thread with sessions answers, a worker or a splicer.
import { trimMemory } from "../../os/memory.ts";
import type { FromAnyThread, ToAnyThread } from "../../shared/worker-messages.ts";
import { killSession, listSessions } from "./session-list.ts";
import { closeBackend, type WorkerContext } from "./worker-context.ts";

type Post = (message: FromAnyThread) => void;

/** @param thread null: it has not booted yet */
export function answer(thread: WorkerContext | null, message: ToAnyThread, post: Post): void {
  switch (message.kind) {
    case "close-backend":
      return closeBackend(thread, message.slot);
    case "cut":
      for (const session of thread?.sessions ?? []) session.end("shutdown");
      return;
    case "ask-sessions":
      return listSessions(thread, message, (sessions) =>
        post({ kind: "sessions", query: message.query, sessions }),
      );
    case "kill-session": {
      const isDone = killSession(thread, message.id);
      return post({ kind: "session-killed", query: message.query, isDone });
    }
    case "trim":
      return trimMemory();
    case "flush-access":
      thread?.access?.flush();
      return post({ kind: "access-flushed", query: message.query });
    default:
      return message satisfies never;
  }
}

/** A thread that ends by itself ends its sessions first: with a reset, and in the access log. */
export function endSessionsAtExit(thread: () => WorkerContext | null): void {
  process.on("exit", () => {
    for (const session of thread()?.sessions ?? []) session.end("fault");
    thread()?.access?.flush();
  });
}

/** An error that no handler caught is reported, and does not take a thousand sessions with it. */
export function reportFaults(post: Post): void {
  const report = (error: unknown) =>
    post({
      kind: "fault",
      message: error instanceof Error ? (error.stack ?? "") : String(error),
    });
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
}
