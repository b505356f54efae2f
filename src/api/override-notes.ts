// Notes for people about an operator's settings of a backend that its state does not show.
import type { BackendStatus } from "./admin-api.ts";

export function overrideNotes({ override }: BackendStatus): readonly string[] {
  return [
    ...(override?.drain === false ? ["drain ended by an operator"] : []),
    ...(override?.weight === undefined ? [] : ["weight set by an operator"]),
  ];
}
