// Runs wrk and reads its report.
import { availableParallelism } from "node:os";
import { runToEnd } from "../process/child.ts";
import type { BodyBytes } from "./http-backend.ts";

export type WrkOptions = {
  readonly port: number;
  readonly bytes: BodyBytes;
  readonly seconds: number;
  readonly connections: number;
  /** Each request on a connection of its own. */
  readonly isClosing?: boolean;
  /** Over TLS, for the name localhost. */
  readonly isTls?: boolean;
};

export type WrkReport = { readonly requests: number; readonly perSecond: number };

/** Loads until so many requests are done: how fast the machine is does not decide how warm a rival is. */
export async function warmUp(requests: number, load: (seconds: number) => Promise<WrkReport>) {
  for (let done = 0; done < requests; ) done += (await load(1)).requests;
}

/** Throws when anything went wrong: figures with errors in them compare nothing. */
export async function wrk(options: WrkOptions): Promise<WrkReport> {
  const { port, bytes, seconds, connections, isClosing = false, isTls = false } = options;
  const { stdout } = await runToEnd(
    [
      "wrk",
      `-t${Math.max(1, availableParallelism() >> 1)}`,
      `-c${connections}`,
      `-d${seconds}s`,
      "--timeout=10s",
      ...(isClosing ? ["-H", "Connection: close"] : []),
      `${isTls ? "https://localhost" : "http://127.0.0.1"}:${port}/${bytes}`,
    ],
    { timeoutMs: (seconds + 15) * 1000 },
  );
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(requests > 0 && perSecond > 0) || /Socket errors|Non-2xx/.test(stdout)) {
    throw new Error(`wrk met errors:\n${stdout}`);
  }
  return { requests, perSecond };
}
