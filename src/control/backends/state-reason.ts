// Why a backend is in its state, where nothing has told it better.

import type { Override } from "../../api/admin-api.ts";
import { backendState } from "../../shared/health-bits.ts";

/** Why it is in the state that its bits come to, as far as they tell; null for one that is well. */
export function reasonOf(bits: number, override: Override): string | null {
  switch (backendState(bits)) {
    case "draining":
      return override.drain === true ? "drained by an operator" : "drained in the config";
    case "unresolved":
      return "its name does not resolve";
    case "down":
      return "its checks fail";
    case "ejected":
      return "its dials fail";
    default:
      return null;
  }
}
