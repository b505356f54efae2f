// `bal demo`: the first thing that anybody runs.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { balBinary, temporaryHome } from "../../support/bal.ts";
import { Terminal } from "../../support/terminal.ts";
import { until } from "../../support/until.ts";
import { connect } from "../../support/wire.ts";

setDefaultTimeout(60_000);

test.each(["SIGINT", "SIGTERM"] as const)(
  "three backends answer in turn to the line that it prints, and %s leaves nothing behind",
  async (signal) => {
    using folder = temporaryHome();
    const temporary = join(folder.path, "tmp");
    const home = join(folder.path, "home");
    mkdirSync(temporary);
    const child = Bun.spawn([balBinary(), "demo"], {
      cwd: folder.path,
      env: { PATH: process.env.PATH!, HOME: home, BAL_HOME: home, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      let said = "";
      void (async () => {
        const decoder = new TextDecoder();
        for await (const chunk of child.stdout) said += decoder.decode(chunk, { stream: true });
      })();
      const [, port] = await until("it says what to try", () =>
        /(?:curl|nc)\b[^\n]*?(?:127\.0\.0\.1|localhost)[: ](\d+)/.exec(said),
      );
      const [, page] = await until("it says where the dashboard is", () =>
        /dashboard[^\n]*(http:\S+?)[;,\n]/.exec(said),
      );
      const url = `http://127.0.0.1:${port}/`;
      const answers: string[] = [];
      for (let i = 0; i < 6; i++) {
        const answer = await fetch(url, { keepalive: false, headers: { connection: "close" } });
        answers.push((await answer.text()).trim());
      }
      // Its own clients take turns as well.
      expect(new Set(answers).size).toBe(3);
      expect(await (await fetch(page!)).text()).toContain("<title>bal</title>");
      child.kill(signal);
      expect(await child.exited).toBe(0);
      for (const at of [port, new URL(page!).port]) {
        expect(await connect(Number(at)).catch((error) => error.code)).toBe("ECONNREFUSED");
      }
      expect(readdirSync(temporary)).toEqual([]);
      expect(readdirSync(folder.path)).toEqual(["tmp"]);
    } finally {
      child.kill("SIGKILL");
    }
  },
);

test("a backend goes away and comes back, and nobody but bal notices", async () => {
  const child = Bun.spawn([balBinary(), "demo"], {
    env: { PATH: process.env.PATH! },
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    let said = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      said += decoder.decode(chunk, { stream: true });
      const [, who] = / {2}(\w+) stops/.exec(said) ?? [];
      if (who === undefined) continue;
      if (said.includes(`bal: ${who} is up`)) break;
      if (said.includes("is running again")) continue;
      const [, port] = /127\.0\.0\.1:(\d+) over/.exec(said)!;
      const answer = await fetch(`http://127.0.0.1:${port}/`, { keepalive: false });
      expect(await answer.text()).not.toBe(`hello from ${who}\n`);
    }
    expect(said).toMatch(/bal: (\w+) is (down|ejected).*\n(.*\n)*.*bal: \1 is up/);
  } finally {
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
  }
});

test("on a terminal it is a view, and Ctrl-C gives the terminal back", async () => {
  using terminal = new Terminal(["demo"], { columns: 100, rows: 30 });
  const screen = await terminal.shows(
    "curl http://127.0.0.1:",
    "3 of 3 backends up",
    "new/s",
    "blue",
  );
  expect([screen.isAlternate, screen.hasCursor, screen.hasWrapped]).toEqual([true, false, false]);
  terminal.type("\u0003");
  expect(await terminal.child.exited).toBe(0);
  const { isAlternate, hasCursor, text } = terminal.screen;
  expect([isAlternate, hasCursor]).toEqual([false, true]);
  expect(text).toContain("curl http://127.0.0.1:");
  expect(text).toContain("left nothing behind");
});
