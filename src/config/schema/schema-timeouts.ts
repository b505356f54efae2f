// The timeouts: the global ones, and those that listeners and pools may override.
import type { Keys } from "./field.ts";
import { duration, timeout } from "./field-makers.ts";

const sessionTimeoutsKeys: Keys = {
  connect: { field: duration(), default: "2s", doc: "how long one dial of a backend may take" },
  connect_total: {
    field: duration(),
    default: "6s",
    doc: "how long all dials for one client may take together; unless it is set, three times connect where that is longer",
  },
  preread: {
    field: duration(),
    default: "3s",
    doc: "from accept until the PROXY header and the ClientHello have arrived, where the listener reads them",
  },
  idle: {
    field: timeout,
    default: "1h",
    doc: "how long a session may go without a byte in either direction; 0 disables it",
  },
  half_closed: {
    field: timeout,
    default: "5m",
    doc: "how long a session may go without a byte after one side has finished; 0 disables it",
  },
  max_lifetime: {
    field: timeout,
    default: 0,
    doc: "the maximum age of a session, plus or minus a tenth; 0 disables it",
  },
  user: {
    field: timeout,
    default: 0,
    doc: "how long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT), on both sides; 0: the kernel decides",
  },
};

export const timeoutsKeys: Keys = {
  ...sessionTimeoutsKeys,
  shutdown: {
    field: timeout,
    default: "25s",
    doc: "how long a stopping bal waits for its sessions to end; 0: not at all",
  },
  drain_delay: {
    field: timeout,
    default: 0,
    doc: "how long a stopping bal still accepts new clients, while /readyz already returns 503; 0: not at all",
  },
};

/** Without defaults: the global ones apply. */
export const listenerTimeoutsKeys: Keys = Object.fromEntries(
  Object.entries(sessionTimeoutsKeys).map(([name, { field, doc }]) => [name, { field, doc }]),
);

export const dialTimeoutsKeys: Keys = {
  connect: { field: duration(), doc: "how long one dial of a backend may take" },
  connect_total: {
    field: duration(),
    doc: "how long all dials for one client may take together",
  },
};
