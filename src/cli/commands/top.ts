// `bal top`: the backends of the running bal on the whole screen, once a second, to sort and to drain.

import { defineCommand } from "citty";
import type { SessionStatus, Status } from "../../api/admin-api.ts";
import type { AdminClient } from "../../api/client.ts";
import { Meter } from "../../api/recent-rates.ts";
import { BalError } from "../../base/errors.ts";
import { plural } from "../../base/figures.ts";
import { type Home, locateHome } from "../../control/host/home.ts";
import { isTerminal } from "../../os/terminal.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { asked, spell } from "../named-backend.ts";
import { keysOf } from "../views/keys.ts";
import { isScreen, Quit, Screen } from "../views/screen.ts";
import {
  type Effect,
  FIRST,
  press,
  type Question,
  rowsOf,
  type TopState,
} from "../views/top-state.ts";
import { keysOfScene, pageOf, type Scene, topLines } from "../views/top-view.ts";

const LOOK_MS = 1000;
const MESSAGE_MS = 5000;
/** More than one scrolls through. */
const MAX_SESSIONS = 500;

export const top = defineCommand({
  meta: { name: "top", description: "Watch the backends on the whole screen, sort and drain them" },
  async run(): Promise<ExitCode> {
    if (!isTerminal(0) || !isScreen()) {
      throw usageError("`bal top` is for a terminal", "`bal status --watch` is for anything else");
    }
    const home = locateHome();
    const client = clientOf(home);
    const status = await asked(client.status(), home);
    await new Top(home, client, status).run();
    return 0;
  },
});

class Top {
  private readonly home: Home;
  private readonly client: AdminClient;
  private readonly meter = new Meter();
  private readonly quit = new Quit();
  private screen: Screen | null = null;
  private state: TopState = FIRST;
  private status: Status;
  private sessions: readonly SessionStatus[] | null = null;
  private silence: string | null = null;
  private message: { readonly text: string; readonly untilMs: number } | null = null;

  constructor(home: Home, client: AdminClient, status: Status) {
    this.home = home;
    this.client = client;
    this.status = status;
    this.meter.look(status, performance.now());
  }

  /** Resolves when it is left. */
  async run(): Promise<void> {
    using quit = this.quit;
    using screen = new Screen((text) => this.type(text));
    this.screen = screen;
    screen.onResize(() => this.draw());
    this.draw();
    while (!screen.isGone && !(await quit.within(LOOK_MS))) await this.look();
  }

  private async look(): Promise<void> {
    try {
      this.status = await asked(this.client.status(), this.home);
      this.meter.look(this.status, performance.now());
      this.sessions = this.state.view === "sessions" ? await this.listSessions() : null;
      this.silence = null;
    } catch (error) {
      // It may come back.
      if (!(error instanceof BalError)) throw error;
      this.silence = error.message;
    }
    this.draw();
  }

  private async listSessions(): Promise<readonly SessionStatus[] | null> {
    const answer = await this.client.sessions(this.state.sessionSort, MAX_SESSIONS);
    return answer.kind === "ok" ? answer.body.sessions : null;
  }

  private type(text: string): void {
    for (const key of keysOf(text)) {
      const scene = this.scene();
      const keys = keysOfScene(scene);
      const page = this.screen === null ? 1 : pageOf(scene, this.screen);
      const { state, effect } = press(this.state, key, { keys, rows: scene.rows, page });
      this.state = state;
      if (effect !== null) this.perform(effect);
    }
    this.draw();
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case "quit":
        return this.quit.now();
      case "suspend":
        return this.screen?.stop();
      case "look":
        return void this.look();
      case "drain":
        return void this.drain(effect.question);
      default:
        return effect satisfies never;
    }
  }

  private async drain({ pool, backend, drain }: Question): Promise<void> {
    const named = { pool, backend };
    try {
      const after = await asked(this.client.override(named, { drain }), this.home);
      const left = `drains: ${plural(after.active, "connection")} left`;
      this.tell(`${spell(named)} ${drain ? left : `is ${after.state}`}`);
    } catch (error) {
      if (!(error instanceof BalError)) throw error;
      this.tell(error.message);
    }
    await this.look();
  }

  private tell(text: string): void {
    this.message = { text, untilMs: performance.now() + MESSAGE_MS };
  }

  private scene(): Scene {
    const { status, state, meter: lately, sessions, silence, message } = this;
    const isFresh = message !== null && performance.now() < message.untilMs;
    return {
      status,
      lately,
      state,
      rows: rowsOf(status, lately, state),
      sessions,
      silence,
      message: isFresh ? message.text : null,
      nowMs: Date.now(),
    };
  }

  private draw(): void {
    const { screen } = this;
    if (screen !== null) screen.draw(topLines(this.scene(), screen));
  }
}
