// IP addresses, endpoints and host names as text and as bytes. Pure; never resolves a name.

/** Where a TCP connection goes: an IP literal (canonical text, IPv4-mapped IPv6 unmapped) and port. */
export type Endpoint = {
  readonly family: 4 | 6;
  readonly ip: string;
  readonly port: number;
};
