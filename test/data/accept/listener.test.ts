// A fault of our own while a client is accepted: it costs that client, and no place on the board.
import { expect, test } from "bun:test";
import { ListeningSockets } from "../../../src/control/listeners/listening-sockets.ts";
import { Listener } from "../../../src/data/accept/listener.ts";
import type { WorkerContext } from "../../../src/data/relay/worker-context.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { Board } from "../../../src/shared/board.ts";
import { END_INDEX } from "../../../src/shared/end-reason.ts";
import { listenerOf, sessionLimits, tcp } from "../../support/generation.ts";
import { freePort } from "../../support/ports.ts";
import { connect } from "../../support/wire.ts";

const made = () => {
  throw new Error("made to fail");
};

test.skipIf(!isLinux).each([
  ["before there is a session", { trace: made, poolOf: () => null }],
  ["when the session looks for a pool", { trace: () => null, poolOf: made }],
])("a throw %s gives every place back", async (_, { trace, poolOf }) => {
  const board = new Board(1);
  const faults: unknown[] = [];
  const port = freePort();
  const address = tcp(port);
  const sockets = new ListeningSockets(1);
  sockets.openAll([{ address }]);
  const thread = {
    worker: 0,
    board,
    sessions: new Set(),
    pending: new Set(),
    paused: new Set(),
    idPrefix: "0",
    lastSession: 0,
    budget: { add: () => {}, remove: () => {} },
    spliceAfterBytes: Number.POSITIVE_INFINITY,
    post: (message: unknown) => faults.push(message),
    onSessionEnd: () => {},
    get access() {
      trace();
      return null;
    },
  } as unknown as WorkerContext;
  const origin = { listener: 0, name: "l", poolName: null, poolOf, limits: sessionLimits() };
  const ceiling = { maxConnections: 10, isWaiting: false };
  const listener = new Listener(thread, address, origin, ceiling);
  const { admission } = listenerOf(address);
  listener.admit({ ...admission, limits: { ...admission.limits, perClient: 1 } });
  expect(listener.borrow(sockets.assignSockets(address, [0]))).toEqual([]);
  expect(listener.resume()).toEqual([]);
  // The second one would be refused if the first one had kept its place.
  for (let client = 1; client <= 2; client++) {
    using wire = await connect(port);
    expect(await wire.closed).toBe("reset");
    expect(faults).toHaveLength(client);
  }
  expect([board.sessions(), board.listenerSessions(0)]).toEqual([0, 0]);
  expect(board.ended(0, END_INDEX.fault)).toBe(2);
  expect(board.descriptors.of(0)).toEqual([]);
  listener.close();
  sockets.keepOnly([]);
});
