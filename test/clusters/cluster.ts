// A cluster of real servers on loopback, one address a node, and what is done to its leader.

/** What an attempt to write came to. */
export type Written = "acknowledged" | "refused-by-replica" | "failed";

/** One connection that writes. */
export type Writer = {
  /** Writes under this number. Never throws. */
  write(id: number): Promise<Written>;
  /** Is the node that it is connected to the leader? */
  isOnLeader(): Promise<boolean>;
  readonly isOpen: boolean;
  close(): void;
};

export type Cluster = {
  readonly name: string;
  /** How long a pause has to be until another one leads. */
  readonly pausedMs: number;
  /** Starts it, and resolves when it is whole. */
  start(): Promise<void>;
  /** The config of bal in front of it, and HAProxy's, both listening on 127.0.0.1. */
  balConfig(port: number): object;
  haproxyConfig(port: number): string;
  /** The number of the leader, from 1; null: there is none. */
  leader(): Promise<number | null>;
  /** Does every other node follow that leader? */
  isWhole(leader: number): Promise<boolean>;
  kill(node: number): void;
  revive(node: number): void;
  pause(node: number): void;
  resume(node: number): void;
  /** A planned switch away from that leader. */
  switchFrom(node: number): Promise<void>;
  /** That node may lead again, where it would be chosen; absent: it follows by itself. */
  takeBack?(node: number): Promise<void>;
  connect(port: number): Promise<Writer>;
  /** How many of these numbers the leader does not have. */
  missing(leader: number, ids: readonly number[]): Promise<number>;
  stop(): Promise<void>;
};

export async function untilTrue(
  what: string,
  check: () => unknown,
  withinMs = 60_000,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await check())) {
    if (performance.now() > deadlineMs)
      throw new Error(`still not so after ${withinMs} ms: ${what}`);
    await Bun.sleep(100);
  }
}
