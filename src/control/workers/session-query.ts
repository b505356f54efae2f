// Asks the threads for their sessions, when somebody wants to know: nothing is kept between. And for what
// they have of the access log, before they end.

import type { SessionStatus } from "../../api/admin-api.ts";
import type { SessionFacts, SessionOrder } from "../../shared/session-facts.ts";
import type {
  AccessFlushed,
  AskSessions,
  FlushAccess,
  KillSession,
  SessionsAnswer,
} from "../../shared/worker-messages.ts";

type SessionQueryParts = {
  /** Asks every thread that is there. Returns how many. */
  readonly ask: (message: Question) => number;
  readonly listenerName: (slot: number) => string;
  readonly backend: (slot: number) => BackendName | undefined;
};

type Question = AskSessions | KillSession | FlushAccess;
type Answer = SessionsAnswer | AccessFlushed;

type BackendName = { readonly pool: string; readonly config: { readonly name: string } };

type Query = {
  readonly answers: Answer[];
  awaited: number;
  readonly finish: () => void;
};

/** A thread that hangs is not waited for: the others' answers are the answer. */
const ANSWER_MS = 2000;

export class SessionQueries {
  private readonly parts: SessionQueryParts;
  private readonly queries = new Map<number, Query>();
  private lastQuery = 0;

  constructor(parts: SessionQueryParts) {
    this.parts = parts;
  }

  /** The first `limit`, the largest or the oldest first. */
  async list(sort: SessionOrder, limit: number): Promise<readonly SessionStatus[]> {
    const query = ++this.lastQuery;
    const answers = await this.ask({ kind: "ask-sessions", query, sort, limit });
    const all = answers.flatMap((answer) => (answer.kind === "sessions" ? answer.sessions : []));
    const rank = sort === "age" ? ageRank : byteRank;
    return all
      .sort((a, b) => rank(b) - rank(a))
      .slice(0, limit)
      .map((facts) => this.statusOf(facts));
  }

  /** False: no thread has it. */
  async kill(id: string): Promise<boolean> {
    const answers = await this.ask({ kind: "kill-session", query: ++this.lastQuery, id });
    return answers.some((answer) => answer.kind === "session-killed" && answer.isDone);
  }

  /** Resolves when every thread has sent its lines of the access log. */
  async flushAccess(): Promise<void> {
    await this.ask({ kind: "flush-access", query: ++this.lastQuery });
  }

  answered(answer: Answer): void {
    const query = this.queries.get(answer.query);
    if (query === undefined) return;
    query.answers.push(answer);
    if (--query.awaited === 0) query.finish();
  }

  private async ask(message: Question): Promise<readonly Answer[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const query: Query = { answers: [], awaited: 0, finish: resolve };
    this.queries.set(message.query, query);
    query.awaited = this.parts.ask(message);
    if (query.awaited === 0) resolve();
    const late = setTimeout(resolve, ANSWER_MS);
    await promise;
    clearTimeout(late);
    this.queries.delete(message.query);
    return query.answers;
  }

  private statusOf(facts: SessionFacts): SessionStatus {
    const backend = this.parts.backend(facts.slot);
    return {
      id: facts.id,
      listener: this.parts.listenerName(facts.listener),
      client: facts.client === "" ? null : facts.client,
      sni: facts.sni,
      pool: backend?.pool ?? null,
      backend: backend?.config.name ?? null,
      age_s: Math.round(facts.ageMs) / 1000,
      bytes_up: facts.bytesUp,
      bytes_down: facts.bytesDown,
      phase: facts.stage,
    };
  }
}

function ageRank({ ageMs }: SessionFacts): number {
  return ageMs;
}

function byteRank({ bytesUp, bytesDown }: SessionFacts): number {
  return bytesUp + bytesDown;
}
