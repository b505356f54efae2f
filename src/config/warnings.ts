// The warnings there are, by their code: what `bal check --allow` and `# bal: allow` take, and the docs list.

export const WARNINGS = {
  alpn: "the `alpn` of an `https` check lacks `http/1.1`, which is what the check speaks",
  "denies-everybody": "`deny` contains every address, so all clients are refused",
  "duplicate-backend":
    "two backends of a pool have the same address and count as one, with their weights added",
  "duplicate-server": "a name server is listed twice",
  "duplicate-source": "a pool's source address is listed twice",
  "host-bits": "the address of a block is not its first one: `10.1.2.3/8` means `10.0.0.0/8`",
  "ignored-key": "a key of the Rust program has no effect",
  "long-interval": "`resolver.interval` is so long that changes in DNS are noticed late",
  "mixed-weights": "weights in `backends` are mixed with the weights of discovered backends",
  "no-address": "`source_hash` has no client address to hash on a unix socket",
  "no-weight": "every backend of a pool drains or has weight 0, so no client will be served",
  "one-backend":
    "a pool has only one backend, an IP address of another host, so there is nothing to fail over to",
  "own-listener": "a backend is one of bal's own listeners, so a connection would loop for ever",
  "renamed-key": "a key of the Rust program has a new name",
  "short-interval": "backends are checked very often",
  "short-timeout": "a timeout is so short that it ends healthy connections",
  "short-token": "a token is so short that it can be guessed",
  "slow-fast-interval": "`fast_interval` is longer than `interval`",
  "srv-name": "`discover.dns` has a name that looks like that of SRV records",
  "timeout-over-interval": "the timeout of a check is longer than the interval between two checks",
  "trusts-everybody":
    "`trusted` contains every address, so every client can claim any address in a PROXY header",
  "unknown-code": "`# bal: allow` names a warning that does not exist",
  "unknown-tlv-value": "a pool sends a TLV whose value its listener does not read",
  "unused-key": "a key has no effect together with the other keys",
  "unused-pool": "no listener or route uses a pool",
  "verify-ip": "`verify` without a `server_name` needs a certificate for an IP address",
} as const satisfies Readonly<Record<string, string>>;

export type WarningCode = keyof typeof WARNINGS;

export function isWarningCode(code: string): code is WarningCode {
  return Object.hasOwn(WARNINGS, code);
}
