// The lines of the access log that a thread has made: they go to the control plane in batches, so that
// nothing is sent per connection.
import { type AccessRecord, type LineOf, lineMaker } from "../../shared/access-line.ts";
import { type End, isOrdinary } from "../../shared/end-reason.ts";
import type { AccessPlan } from "../../shared/generation.ts";
import type { AccessLines } from "../../shared/worker-messages.ts";
import type { Session } from "../relay/session.ts";
import type { LoggedAs, SessionLog } from "../relay/worker-context.ts";
import { recordOf, refusalRecord } from "./access-record.ts";

/** How late a line may come, and how much is sent at a time. */
export const BATCH_MS = 100;
const BATCH_BYTES = 64 * 1024;

export class AccessBatch implements SessionLog {
  private readonly plan: NonNullable<AccessPlan>;
  private readonly post: (lines: AccessLines) => void;
  private readonly lineOf: LineOf;
  private text = "";
  private lines = 0;
  private timer: Timer | null = null;

  constructor(plan: NonNullable<AccessPlan>, post: (lines: AccessLines) => void) {
    this.plan = plan;
    this.post = post;
    this.lineOf = lineMaker(plan);
  }

  get isEmpty(): boolean {
    return this.lines === 0;
  }

  ended(session: Session, end: End, nowMs: number): void {
    const wentWell = isOrdinary(end) && (session.trace?.attempts ?? 1) <= 1;
    if (!wentWell || this.plan.mode === "all") this.add(recordOf(session, end, nowMs));
  }

  refused(as: LoggedAs, client: object, end: End): void {
    this.add(refusalRecord(as, client, end));
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { lines, text, plan } = this;
    if (lines === 0) return;
    this.lines = 0;
    this.text = "";
    this.post({ kind: "access", file: plan.file, lines, text });
  }

  private add(record: AccessRecord): void {
    const line = this.lineOf(record);
    this.text = this.lines === 0 ? line : `${this.text}\n${line}`;
    this.lines++;
    if (this.text.length >= BATCH_BYTES) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }
}

/** Goes on by another plan; what was made by the present one is sent first. */
export function replanned(
  present: SessionLog | null,
  plan: AccessPlan,
  post: (lines: AccessLines) => void,
): SessionLog | null {
  present?.flush();
  return plan === null ? null : new AccessBatch(plan, post);
}
