// Whether a thread's heart still beats, by its counter on the board.

/** How often to look. */
export const HEARTBEAT_CHECK_MS = 5000;
/** Checks in a row without a beat, after which a thread is taken to hang. */
const MISSED_CHECKS = 2;

export class Heartbeat {
  private beat = 0;
  private missed = 0;

  /** Called every HEARTBEAT_CHECK_MS: has it stood still for too long? */
  hasStopped(beat: number): boolean {
    this.missed = beat === this.beat ? this.missed + 1 : 0;
    this.beat = beat;
    return this.missed >= MISSED_CHECKS;
  }
}
