// `bal demo`: the first thing that anybody runs.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { balBinary, temporaryHome } from "../support/bal.ts";
import { until } from "../support/until.ts";
import { connect } from "../support/wire.ts";

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
      env: { PATH: process.env.PATH!, HOME: home, TMPDIR: temporary },
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
      const url = `http://127.0.0.1:${port}/`;
      const answers: string[] = [];
      for (let i = 0; i < 6; i++) {
        const answer = await fetch(url, { keepalive: false, headers: { connection: "close" } });
        answers.push((await answer.text()).trim());
      }
      expect(new Set(answers).size).toBe(3);
      expect(answers.slice(0, 3)).toEqual(answers.slice(3));
      child.kill(signal);
      expect(await child.exited).toBe(0);
      const refusal = await connect(Number(port)).catch((error) => error.code);
      expect(refusal).toBe("ECONNREFUSED");
      expect(readdirSync(temporary)).toEqual([]);
      expect(readdirSync(folder.path)).toEqual(["tmp"]);
    } finally {
      child.kill("SIGKILL");
    }
  },
);
