// The output of the demo: on a terminal a view that is redrawn, on a pipe a line whenever something happens.
import type { Status } from "../../api/admin-api.ts";
import { availability } from "../../api/availability.ts";
import { Meter } from "../../api/recent-rates.ts";
import { printable } from "../../base/printable.ts";
import { put, say } from "../output.ts";
import { color } from "../views/color.ts";
import { isScreen, Screen } from "../views/screen.ts";
import { statusLines } from "../views/status-view.ts";

const LOOK_MS = 500;
/** The time between two lines of a pipe that report no event. */
const SUMMARY_MS = 10_000;
const MAX_EVENTS = 6;

export type DemoPlace = { readonly port: number; readonly adminPort: number };

export class DemoView implements Disposable {
  private readonly place: DemoPlace;
  private readonly screen: Screen | null;
  private readonly meter = new Meter();
  private readonly states = new Map<string, string>();
  private readonly timer: Timer;
  private events: readonly string[] = [];
  private status: Status | null = null;
  private saidAtMs = performance.now();
  private isLooking = false;

  constructor(place: DemoPlace) {
    this.place = place;
    for (const line of introduction(place)) say(1, line);
    this.screen = isScreen() ? new Screen() : null;
    this.screen?.onResize(() => this.draw());
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  tell(words: string): void {
    const line = `${new Date().toTimeString().slice(0, 8)}  ${printable(words)}`;
    if (this.screen === null) say(1, line);
    this.events = [...this.events, line].slice(-MAX_EVENTS);
    this.draw();
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
    this.screen?.[Symbol.dispose]();
    if (this.screen !== null) put(1, "The demo has ended and has left nothing behind.\n");
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const response = await fetch(`http://127.0.0.1:${this.place.adminPort}/v1/status`);
      this.take((await response.json()) as Status);
    } catch {
      // It is about to end.
    } finally {
      this.isLooking = false;
    }
  }

  private take(status: Status): void {
    const nowMs = performance.now();
    this.status = status;
    this.meter.look(status, nowMs);
    for (const { name, state, reason } of status.pools.flatMap(({ backends }) => backends)) {
      const before = this.states.get(name);
      this.states.set(name, state);
      if (before === undefined || before === state) continue;
      this.tell(`bal: ${name} is ${state}${reason === null ? "" : `: ${reason}`}`);
    }
    this.draw();
    if (this.screen !== null || nowMs - this.saidAtMs < SUMMARY_MS) return;
    this.saidAtMs = nowMs;
    const served = status.listeners.reduce((sum, { accepted }) => sum + accepted, 0);
    this.tell(`${availability(status)}, ${served} connections so far`);
  }

  private draw(): void {
    const { screen, status } = this;
    if (screen === null || status === null) return;
    const view = { lately: this.meter, nowMs: Date.now(), width: screen.columns };
    const happened = this.events.map((line) => color(1, "dim", `  ${line}`));
    screen.draw([...introduction(this.place), "", ...statusLines(status, view), "", ...happened]);
    if (screen.isGone) process.kill(process.pid, "SIGTERM");
  }
}

function introduction({ port, adminPort }: DemoPlace): readonly string[] {
  const bold = (text: string) => color(1, "bold", text);
  return [
    `bal balances connections to 127.0.0.1:${port} over three small backends. Try it a few times:`,
    "",
    `  ${bold(`curl http://127.0.0.1:${port}`)}   or   ${bold(`nc 127.0.0.1 ${port}`)}`,
    "",
    `The dashboard is at ${bold(`http://127.0.0.1:${adminPort}/`)}; Ctrl-C ends the demo.`,
  ];
}
