// The log lines and events of a thread that hangs, ends and is replaced.
import type { EventBus } from "../events/event-bus.ts";
import type { Log } from "../logs/log.ts";
import type { WorkerIncidents } from "../observe/problems/worker-incidents.ts";
import type { SplicerPoolOptions } from "./splicer-pool.ts";
import type { WorkerPoolEvents } from "./worker-pool.ts";

export function workerPoolEvents(
  log: Log,
  events: EventBus,
  incidents: WorkerIncidents,
): Omit<WorkerPoolEvents, "onMessage" | "onApplied" | "onAbandon"> {
  return {
    onHung: (worker) => {
      const message = `worker ${worker} hangs: another one accepts its clients`;
      log.error("worker-hung", message, { worker });
      incidents.lost(worker, "it hung");
      events.emit("worker", { from: "serving", to: "hung", reason: message });
    },
    onLost: (worker, reason, restartMs) => {
      const message = `worker ${worker} is lost and will be replaced: ${reason}`;
      log.error("worker-lost", message, { worker, reason, restart_ms: restartMs });
      incidents.lost(worker, reason);
      events.emit("worker", { from: "serving", to: "lost", reason: message });
    },
    onReplaced: (worker) => {
      const message = `worker ${worker} serves again`;
      log.info("worker-replaced", message, { worker });
      incidents.replaced(worker);
      events.emit("worker", { from: "lost", to: "serving", reason: message });
    },
  };
}

/** `apply` sends the workers whether to splice. */
export function splicerPoolEvents(
  log: Log,
  incidents: WorkerIncidents,
  apply: () => void,
): Pick<SplicerPoolOptions, "onLost" | "onResumed" | "onFault"> {
  return {
    onLost: (worker, reason, pauseMs) => {
      const pause = pauseMs === 0 ? "" : `, and bulk data is copied for ${pauseMs / 1000} s`;
      const message = `the splicer of worker ${worker} is lost with its sessions${pause}: ${reason}`;
      log.error("splicer-lost", message, { worker, reason, pause_ms: pauseMs });
      incidents.splicerLost(worker, reason);
      apply();
    },
    onResumed: (worker) => {
      incidents.splicerReplaced(worker);
      apply();
    },
    onFault: (worker, message) => {
      log.error("fault", `an internal fault in the splicer of worker ${worker}: ${message}`);
    },
  };
}
