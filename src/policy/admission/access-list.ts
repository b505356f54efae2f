// Who may come in by a listener, by address alone.
import { AddressSet } from "./address-set.ts";

export type GateRules = {
  /** CIDR blocks; null: everybody. */
  readonly allow: readonly string[] | null;
  /** Wins over `allow`. */
  readonly deny: readonly string[];
};

/** Null: there is nothing to ask. */
export type Gate = { readonly admits: (address: string) => boolean } | null;

export function makeGate({ allow, deny }: GateRules): Gate {
  if (allow === null && deny.length === 0) return null;
  const allowed = allow === null ? null : new AddressSet(allow);
  const denied = new AddressSet(deny);
  return {
    admits: (address) => !denied.has(address) && (allowed === null || allowed.has(address)),
  };
}
