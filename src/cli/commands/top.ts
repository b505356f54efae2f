// `bal top`: the backends of the running bal on the whole screen, once a second, to sort and to drain.

import { defineCommand } from "citty";
import type { BalEvent, SessionStatus, Status } from "../../api/admin-api.ts";
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
import type { NewWeight } from "../views/top-prompt.ts";
import {
  type DrainQuestion,
  type Effect,
  FIRST,
  press,
  rowsOf,
  selectedRow,
  type TopState,
} from "../views/top-state.ts";
import { keysOfScene, pageOf, type Scene, topLines } from "../views/top-view.ts";

const LOOK_MS = 1000;
const MESSAGE_MS = 5000;
/** Events that bal keeps, and how long a stream of them is quiet when that was all. */
const MAX_PAST = 1000;
const QUIET_MS = 150;
/** More than one scrolls through. */
const MAX_SESSIONS = 500;

export const top = defineCommand({
  meta: { name: "top", description: "Watch, sort and drain the backends on the whole screen" },
  async run(): Promise<ExitCode> {
    if (!isTerminal(0) || !isScreen()) {
      throw usageError("`bal top` needs a terminal", "use `bal status --watch` for anything else");
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
  private events: readonly BalEvent[] | null = null;
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
      this.events = this.state.view === "details" ? await this.listEvents() : null;
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

  private async listEvents(): Promise<readonly BalEvent[] | null> {
    const row = selectedRow(this.state, this.scene().rows);
    const answer = await this.client.events(MAX_PAST);
    if (row === null || answer.kind === "absent") return null;
    const events: BalEvent[] = [];
    for await (const event of answer.read(QUIET_MS)) {
      if (event.pool === row.pool && event.backend === row.backend.name) events.push(event);
    }
    return events;
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
        return void this.drain(effect);
      case "weight":
        return void this.weigh(effect);
      case "kill":
        return void this.kill(effect.id);
      default:
        return effect satisfies never;
    }
  }

  private drain({ pool, backend, drain }: DrainQuestion): Promise<void> {
    const named = { pool, backend };
    return this.attempt(async () => {
      const after = await asked(this.client.override(named, { drain }), this.home);
      const left = `is draining: ${plural(after.active, "connection")} left`;
      return `${spell(named)} ${drain ? left : `is ${after.state}`}`;
    });
  }

  private weigh({ pool, backend, weight }: NewWeight): Promise<void> {
    const named = { pool, backend };
    return this.attempt(async () => {
      const after = await asked(this.client.override(named, { weight }), this.home);
      return `${spell(named)} has weight ${after.weight}`;
    });
  }

  private kill(id: string): Promise<void> {
    return this.attempt(async () => {
      await asked(this.client.killSession(id), this.home);
      return `session ${id} was reset`;
    });
  }

  /** Does it and reports the result. */
  private async attempt(act: () => Promise<string>): Promise<void> {
    try {
      this.tell(await act());
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
    const { status, state, meter: lately, sessions, events, silence, message } = this;
    const isFresh = message !== null && performance.now() < message.untilMs;
    return {
      status,
      lately,
      state,
      rows: rowsOf(status, lately, state),
      sessions,
      events,
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
