// Listening sockets that were open before this process: systemd's (sd_listen_fds(3)), or those of the
// bal whose place it takes. A socket is known by the address that it is bound to, not by its name.
import { type Endpoint, formatEndpoint } from "../../base/address.ts";
import { isLinux } from "../../os/libc.ts";
import { closeDescriptor, closeOnExec, inspectSocket } from "../../os/socket.ts";
import type { Log } from "../logs/log.ts";

/** Where systemd's begin. */
const FIRST_FD = 3;

export type Handed = {
  readonly fd: number;
  /** For people: FileDescriptorName= of systemd's unit. */
  readonly name: string;
  /** The file that goes with a unix socket, as `device:inode`. systemd keeps its own. */
  readonly file?: string | null;
};

type Environment = { [name: string]: string | undefined };

/** The sockets that systemd has opened for this process. Its variables are no child's. */
export function takeActivation(environment: Environment = process.env): readonly Handed[] {
  const { LISTEN_FDS = "", LISTEN_PID, LISTEN_FDNAMES = "" } = environment;
  for (const name of ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]) delete environment[name];
  const isMeant = isLinux && Number(LISTEN_PID) === process.pid && /^\d{1,4}$/.test(LISTEN_FDS);
  const names = LISTEN_FDNAMES.split(":");
  return Array.from({ length: isMeant ? Number(LISTEN_FDS) : 0 }, (_, index) => ({
    fd: FIRST_FD + index,
    name: names[index] || "unknown",
  }));
}

type Listening = Handed & { readonly endpoint: Endpoint };

export class InheritedSockets {
  /** The unix sockets whose files their process will leave: path → which file. */
  readonly files: ReadonlyMap<string, string>;
  private readonly log: Log;
  /** By address. */
  private readonly rest: Map<string, readonly Listening[]>;

  constructor(handed: readonly Handed[], log: Log) {
    this.log = log;
    const all = handed.flatMap((socket) => this.inspect(socket));
    this.rest = Map.groupBy(all, ({ endpoint }) => formatEndpoint(endpoint));
    this.files = new Map(
      all.flatMap(({ endpoint, file }) =>
        endpoint.family === "unix" && file != null ? [[endpoint.path, file] as const] : [],
      ),
    );
  }

  /** Those of an address; they are the caller's from now on. */
  take(endpoint: Endpoint): readonly number[] {
    const taken = this.takeAt(endpoint);
    const isWildcard = endpoint.family === 4 && endpoint.ip === "0.0.0.0";
    // A bare port in a unit's ListenStream= is both families' wildcard.
    const sockets =
      taken.length === 0 && isWildcard ? this.takeAt({ ...endpoint, family: 6, ip: "::" }) : taken;
    return sockets.map(({ fd }) => fd);
  }

  /** Closes what no listener has taken. */
  closeRest(): void {
    const rest = [...this.rest.values()].flat();
    for (const [name, sockets] of Map.groupBy(rest, (socket) => socket.name)) {
      const addresses = [...new Set(sockets.map(({ endpoint }) => formatEndpoint(endpoint)))];
      const others = addresses.length > 1 ? ` and ${addresses.length - 1} others` : "";
      this.tell(name, `no listener has the address ${addresses[0]}${others}`);
      for (const { fd } of sockets) closeDescriptor(fd);
    }
    this.rest.clear();
  }

  private takeAt(endpoint: Endpoint): readonly Listening[] {
    const address = formatEndpoint(endpoint);
    const taken = this.rest.get(address) ?? [];
    this.rest.delete(address);
    return taken;
  }

  private inspect(socket: Handed): readonly Listening[] {
    const { fd, name } = socket;
    const facts = inspectSocket(fd);
    if (facts === null) {
      // It may be one of the runtime's own: left as it is.
      this.tell(name, `descriptor ${fd} is not a socket`);
      return [];
    }
    closeOnExec(fd);
    const { isListening, address } = facts;
    if (isListening && address !== null) return [{ ...socket, endpoint: address }];
    const why = isListening
      ? "it has neither a TCP address nor a path"
      : "it does not listen for connections";
    this.tell(name, why);
    closeDescriptor(fd);
    return [];
  }

  private tell(name: string, why: string): void {
    const message = `an inherited socket (${name}) is not used: ${why}`;
    this.log.warn("socket-unused", message, { name });
  }
}
