// Threads that were lost: a problem until one serves in their place, and worth a look for an hour after.
import type { Found } from "./problem-list.ts";

const LATELY_MS = 3_600_000;

type Incident = {
  readonly at: Date;
  readonly reason: string;
  /** Null: nothing serves in its place yet. */
  replacedAt: Date | null;
};

export class WorkerIncidents {
  private readonly now: () => Date;
  private readonly byWorker = new Map<number, Incident>();
  private readonly splicers = new Map<number, Incident>();

  constructor(now = () => new Date()) {
    this.now = now;
  }

  lost(worker: number, reason: string): void {
    const before = this.byWorker.get(worker);
    // That it hung is why it was ended: the first word is the better one.
    if (before?.replacedAt === null) return;
    this.byWorker.set(worker, { at: this.now(), reason, replacedAt: null });
  }

  replaced(worker: number): void {
    const incident = this.byWorker.get(worker);
    if (incident !== undefined) incident.replacedAt = this.now();
  }

  splicerLost(worker: number, reason: string): void {
    this.splicers.set(worker, { at: this.now(), reason, replacedAt: null });
  }

  splicerReplaced(worker: number): void {
    const incident = this.splicers.get(worker);
    if (incident !== undefined) incident.replacedAt = this.now();
  }

  found(): readonly Found[] {
    const oldest = this.now().getTime() - LATELY_MS;
    for (const incidents of [this.byWorker, this.splicers]) {
      for (const [worker, { replacedAt }] of incidents) {
        if (replacedAt !== null && replacedAt.getTime() < oldest) incidents.delete(worker);
      }
    }
    return [
      ...[...this.byWorker].map(([worker, incident]) => workerProblem(worker, incident)),
      ...[...this.splicers].map(([worker, incident]) => splicerProblem(worker, incident)),
    ];
  }
}

function workerProblem(worker: number, { at, reason, replacedAt }: Incident): Found {
  const subject = `worker ${worker}`;
  const since = at.toISOString();
  const hint = "its connections were reset; report it, with bal's log of that moment";
  if (replacedAt === null) {
    const message = `${subject} is lost and not replaced yet: ${reason}`;
    return { severity: "error", code: "worker-lost", since, subject, message, hint };
  }
  const message = `${subject} was lost and replaced: ${reason}`;
  return { severity: "warning", code: "worker-replaced", since, subject, message, hint };
}

function splicerProblem(worker: number, { at, reason, replacedAt }: Incident): Found {
  const subject = `splicer of worker ${worker}`;
  const how =
    replacedAt === null ? "is lost, and bulk data is copied for now" : "was lost and replaced";
  const message = `${subject} ${how}: ${reason}`;
  const hint = "its connections were reset; report it, with bal's log of that moment";
  return {
    ...({ severity: "warning", code: "splicer-lost", since: at.toISOString(), subject } as const),
    ...{ message, hint },
  };
}
