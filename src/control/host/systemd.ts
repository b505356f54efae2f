// Notifies systemd of this process's state (sd_notify(3)), where it has asked for it: best effort, for one
// that can't be told must not stop bal.
import { errnoCode } from "../../base/os-error.ts";
import { isLinux } from "../../os/libc.ts";
import { monotonicUsec } from "../../os/monotonic.ts";
import { notifyBarrier, sendNotification } from "../../os/notify.ts";
import type { Log } from "../logs/log.ts";

/** How long the manager may take to acknowledge, before it is asked again. */
const BARRIER_MS = 5000;
/** The time of a drain beyond the time that it is given. */
const MARGIN_MS = 10_000;

type Environment = { [name: string]: string | undefined };

export class ServiceManager {
  private readonly log: Log;
  /** Null: nobody asks. */
  private readonly socket: string | null;
  private readonly watchdogUsec: number;
  private watchdog: Timer | null = null;
  private hasFailed = false;
  private isSilent = false;
  /** It takes this very process for the service, and does not listen. */
  readonly isUninformed: boolean;

  /** Takes what it needs out of the environment: no child is to speak for this process. */
  constructor(log: Log, environment: Environment = process.env) {
    const { NOTIFY_SOCKET = "", WATCHDOG_USEC = "", WATCHDOG_PID } = environment;
    const { SYSTEMD_EXEC_PID } = environment;
    for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete environment[name];
    this.log = log;
    this.socket = isLinux && /^[/@]./.test(NOTIFY_SOCKET) ? NOTIFY_SOCKET : null;
    this.isUninformed = this.socket === null && Number(SYSTEMD_EXEC_PID) === process.pid;
    const isMeant = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
    this.watchdogUsec = isMeant && /^\d+$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) : 0;
  }

  /** Every listener is bound. */
  ready(status: string): void {
    this.tell("READY=1", `STATUS=${status}`);
  }

  /** `ready` reports when it is over. */
  reloading(): void {
    if (this.socket === null) return;
    this.tell("RELOADING=1", `MONOTONIC_USEC=${monotonicUsec()}`, "STATUS=reloading");
  }

  /** A drain begins that may take `withinMs`: longer than the unit says, if need be. */
  stopping(withinMs: number): void {
    const extension = `EXTEND_TIMEOUT_USEC=${(withinMs + MARGIN_MS) * 1000}`;
    this.tell("STOPPING=1", extension, "STATUS=draining");
  }

  /** Keeps the manager's watchdog quiet for as long as `isWell`. */
  watch(isWell: () => boolean): void {
    if (this.watchdogUsec === 0) return;
    const beat = () => {
      if (isWell()) this.tell("WATCHDOG=1");
    };
    beat();
    this.watchdog = setInterval(beat, this.watchdogUsec / 2000);
  }

  /** Another process is the service now. Resolves when the manager knows, which with a busy one may take
   *  its time, or when there is none: before that the end of this process would end the service. */
  async handOver(pid: number): Promise<void> {
    if (this.watchdog !== null) clearInterval(this.watchdog);
    for (;;) {
      this.tell(`MAINPID=${pid}`);
      if (this.socket === null || (await notifyBarrier(this.socket, BARRIER_MS)) !== "late") break;
      const message = `the service manager has not accepted pid ${pid} for this service yet`;
      this.log.warn("notify-failed", message);
    }
    this.isSilent = true;
  }

  /** The variables that a successor needs to speak to it in turn. */
  environment(): Environment {
    if (this.socket === null) return {};
    const watchdog = this.watchdogUsec === 0 ? {} : { WATCHDOG_USEC: String(this.watchdogUsec) };
    return { NOTIFY_SOCKET: this.socket, ...watchdog };
  }

  private tell(...lines: readonly string[]): void {
    if (this.socket === null || this.isSilent) return;
    const error = sendNotification(this.socket, lines.join("\n"));
    // A manager that is busy gets the next one.
    if (error === 0 || this.hasFailed) return;
    this.hasFailed = true;
    const message = `cannot notify the service manager at ${this.socket}: ${errnoCode(error)}`;
    this.log.warn("notify-failed", message, { error: errnoCode(error) });
  }
}
