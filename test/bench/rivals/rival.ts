// What the benchmark asks of a balancer. One file each beside this one (registry.ts lists them), or a
// script in a folder that RIVALS names.
import type { Child } from "../process/child.ts";

export type Method = "round_robin" | "least_connections";

export type Setup = {
  /** Made for this one start, removed after it. */
  readonly folder: string;
  /** On 127.0.0.1, as the backends are. */
  readonly listenPort: number;
  readonly backendPorts: readonly number[];
  /** Threads or worker processes that carry traffic. */
  readonly workers: number;
  readonly method: Method;
  /** Clients are TLS clients that ask for this name; others are refused. Null: nothing is looked at. */
  readonly serverName: string | null;
  /** Each connection has its line, in a file in the folder. */
  readonly isLogged: boolean;
};

/** The exit code of a rival that does not have what is asked of it: EX_UNAVAILABLE of sysexits.h. */
export const DECLINED = 69;

/** It has no such feature, which is no failure: the question is not asked of it again. */
export class Declined extends Error {}

export interface Running {
  /** Where clients connect to. */
  readonly port: number;
  /** All processes of the balancer, read again at each call. Empty: there is none. */
  pids(): number[];
  /** Whether it ended because it does not have what the setup asks for. */
  hasDeclined(): boolean;
  /** What it last wrote, for an error message. */
  log(): string;
  /** Makes it serve these backends; the CPU time of the command that told it so, in ms. */
  reload(backendPorts: readonly number[]): Promise<number>;
  stop(): Promise<void>;
}

export interface Rival {
  readonly name: string;
  /** False: clients go straight to the backend, and only their own figures are measured. */
  readonly isBalancer: boolean;
  /** Programs that it needs on PATH; see ../programs.ts. */
  readonly programs: readonly string[];
  /** Null: not installed. */
  version(): string | null;
  /** Returns at once; the caller waits until it serves. */
  start(setup: Setup): Promise<Running>;
}

/** A balancer that is a process in the foreground, with its descendants. */
export function runningAs(child: Child, port: number, reload: Running["reload"]): Running {
  return {
    port,
    pids: () => child.pids(),
    hasDeclined: () => child.exitCode === DECLINED,
    log: () => child.log(),
    reload,
    stop: () => child.stop(),
  };
}
