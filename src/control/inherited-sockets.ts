// Listening sockets that were open before this process: systemd's (sd_listen_fds(3)), or those of the
// bal whose place it takes. A socket is known by the address that it is bound to, not by its name.
import { formatHostPort } from "../base/address.ts";
import type { ListenerConfig } from "../config/config.ts";
import { isLinux } from "../os/libc.ts";
import { closeDescriptor, closeOnExec, inspectSocket } from "../os/socket.ts";
import type { Log } from "./log.ts";

/** Where systemd's begin. */
const FIRST_FD = 3;

export type Handed = {
  readonly fd: number;
  /** For people: FileDescriptorName= of systemd's unit. */
  readonly name: string;
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

type Listening = Handed & { readonly ip: string; readonly port: number };

export class InheritedSockets {
  private readonly log: Log;
  private rest: readonly Listening[];

  constructor(handed: readonly Handed[], log: Log) {
    this.log = log;
    this.rest = handed.flatMap((socket) => this.inspect(socket));
  }

  /** Those of an address; they are the caller's from now on. */
  take({ bindAddress, port }: Pick<ListenerConfig, "bindAddress" | "port">): readonly number[] {
    const boundTo = (ip: string) =>
      this.rest.filter((socket) => socket.ip === ip && socket.port === port);
    let taken = boundTo(bindAddress);
    // A bare port in a unit's ListenStream= is both families' wildcard.
    if (taken.length === 0 && bindAddress === "0.0.0.0") taken = boundTo("::");
    this.rest = this.rest.filter((socket) => !taken.includes(socket));
    return taken.map(({ fd }) => fd);
  }

  /** Closes what no listener has taken. */
  closeRest(): void {
    for (const { fd, name, ip, port } of this.rest) {
      this.tell(name, `no listener has the address ${formatHostPort(ip, port)}`);
      closeDescriptor(fd);
    }
    this.rest = [];
  }

  private inspect(socket: Handed): readonly Listening[] {
    const { fd, name } = socket;
    const facts = inspectSocket(fd);
    if (facts === null) {
      // It may be one of the runtime's own: left as it is.
      this.tell(name, `descriptor ${fd} is no socket`);
      return [];
    }
    closeOnExec(fd);
    const { isListening, address } = facts;
    if (isListening && address !== null) return [{ ...socket, ...address }];
    this.tell(name, isListening ? "it is no TCP socket" : "it does not listen for connections");
    closeDescriptor(fd);
    return [];
  }

  private tell(name: string, why: string): void {
    const message = `a socket that was handed over (${name}) is not used: ${why}`;
    this.log.warn("socket-unused", message, { name });
  }
}
