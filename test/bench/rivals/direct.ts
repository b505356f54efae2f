// No balancer: clients go straight to the first backend. The ceiling of this machine and load.
import type { Rival } from "./rival.ts";

export const direct: Rival = {
  name: "direct",
  isBalancer: false,
  programs: [],
  version: () => "",
  start: async ({ backendPorts }) => ({
    port: backendPorts[0] ?? 0,
    pids: () => [],
    hasDeclined: () => false,
    log: () => "",
    reload: async () => 0,
    stop: async () => {},
  }),
};
