// What an operator has set of a backend and its state does not tell, in words for people.
import type { BackendStatus } from "./admin-api.ts";

export function overrideNotes({ override }: BackendStatus): readonly string[] {
  return [
    ...(override?.drain === false ? ["drain taken back by hand"] : []),
    ...(override?.weight === undefined ? [] : ["weight set by hand"]),
  ];
}
