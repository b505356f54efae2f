// Errors of the operating system, classified once and by code, never by text.

/** Linux errno → code, for those that a socket call can give. */
const codes: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  20: "ENOTDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  30: "EROFS",
  32: "EPIPE",
  91: "EPROTOTYPE",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  105: "ENOBUFS",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  112: "EHOSTDOWN",
  113: "EHOSTUNREACH",
  115: "EINPROGRESS",
};

export function errnoCode(errno: number): string {
  return codes[Math.abs(errno)] ?? `errno ${Math.abs(errno)}`;
}

/** The code of whatever was thrown or handed to a socket's `close`; null when it has none. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** Troubles of our own host: they say nothing about the backend that was dialled. */
const local = new Set([
  "EADDRNOTAVAIL",
  "EAGAIN",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EPERM",
  "EACCES",
]);

export function isLocalError(code: string): boolean {
  return local.has(code);
}

export type DialErrorClass = "refused" | "unreachable" | "timeout" | "reset" | "local" | "other";

/** The class under which a failed dial is counted. */
export function classifyDialError(code: string): DialErrorClass {
  if (local.has(code)) return "local";
  switch (code) {
    case "ECONNREFUSED":
      return "refused";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
    // On a unix socket: nothing is at that path.
    case "ENOENT":
    case "ENOTDIR":
      return "unreachable";
    case "ETIMEDOUT":
      return "timeout";
    case "ECONNRESET":
      return "reset";
    default:
      return "other";
  }
}

/** Nobody listens there now, or the file of a unix socket is gone: it may be restarting. */
export function isRefusal(code: string | null): boolean {
  return code === "ECONNREFUSED" || code === "ENOENT";
}

/** The remedy for a local error, for the log. */
export function localErrorRemedy(code: string): string {
  switch (code) {
    case "EADDRNOTAVAIL":
      return "no ephemeral port is left for this backend, or its pool's `source` is not an address of this host: widen net.ipv4.ip_local_port_range, add backend addresses or addresses in `source`";
    case "EMFILE":
      return "the open-file limit is reached: raise it (ulimit -n, LimitNOFILE=), or lower limits.max_connections";
    case "ENFILE":
      return "the host has no free file descriptor: raise fs.file-max";
    case "ENOBUFS":
    case "ENOMEM":
      return "the kernel has no memory for sockets: raise net.ipv4.tcp_mem";
    case "EPERM":
    case "EACCES":
      return "this host's firewall or policy, or a unix socket's file mode, forbids the connection";
    default:
      return "the kernel refused for now; bal tries again";
  }
}
