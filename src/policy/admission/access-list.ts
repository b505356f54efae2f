// Who may come in by a listener, by address alone.
import { type IpRanges, isInRanges } from "../../base/ip-ranges.ts";

type GateRules = {
  /** Null: everybody. */
  readonly allow: IpRanges | null;
  /** Wins over `allow`; null: nobody. */
  readonly deny: IpRanges | null;
};

/** Null: there is nothing to ask. */
export type Gate = { readonly admits: (address: string) => boolean } | null;

export function makeGate({ allow, deny }: GateRules): Gate {
  if (allow === null && deny === null) return null;
  return {
    admits: (address) =>
      (deny === null || !isInRanges(deny, address)) &&
      (allow === null || isInRanges(allow, address)),
  };
}
