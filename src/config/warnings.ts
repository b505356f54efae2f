// The warnings there are, by their code: what `bal check --allow` and `# bal: allow` take, and the docs list.

export const WARNINGS = {
  alpn: "an `https` check offers no protocol that it speaks: HTTP/1.1",
  "denies-everybody": "`deny` has a block of all addresses: no client may come in",
  "duplicate-backend": "two backends are one address: they are one, with their weights added",
  "duplicate-server": "a name server is written twice",
  "duplicate-source": "a pool's source address is written twice",
  "host-bits": "an address stands where a block begins elsewhere: `10.1.2.3/8` is `10.0.0.0/8`",
  "ignored-key": "an old key has no effect",
  "long-interval": "names are asked for again late",
  "mixed-weights": "weights stand beside those of discovered backends",
  "no-address": "clients of a unix socket have no address that could be hashed",
  "no-weight": "every backend of a pool drains or has weight 0: no client will be served",
  "one-backend": "a pool has one backend: there is nothing to fail over to",
  "own-listener": "a backend is bal's own listener: a connection would go round for ever",
  "renamed-key": "an old key has another name today",
  "short-interval": "backends are checked very often",
  "short-timeout": "a timeout ends connections that are well",
  "short-token": "a token can be guessed",
  "slow-fast-interval": "checks come later while a change is undecided, not sooner",
  "srv-name": "`dns` names what looks like SRV records",
  "timeout-over-interval": "a check may take longer than the time between two",
  "trusts-everybody": "anybody may announce any address by the PROXY protocol",
  "unknown-code": "`# bal: allow` names a warning that there is not",
  "unknown-tlv-value": "a listener does not read what a TLV is to tell",
  "unused-key": "a key has no effect beside the others",
  "unused-pool": "no listener leads to a pool",
  "verify-ip": "a certificate must be valid for an address",
} as const satisfies Readonly<Record<string, string>>;

export type WarningCode = keyof typeof WARNINGS;

export function isWarningCode(code: string): code is WarningCode {
  return Object.hasOwn(WARNINGS, code);
}
