// The listening sockets of the process: opened here, lent to the workers, closed here. One per
// worker and address, so that the kernel spreads clients over the workers.
//
// A socket's identity is its address, not its listener's name.
import { formatHostPort } from "../base/address.ts";
import { BalError } from "../base/errors.ts";
import { errnoCode, localErrorRemedy } from "../base/os-error.ts";
import type { ListenerConfig } from "../config/config.ts";
import { isLinux } from "../os/libc.ts";
import { openFileLimit, openFiles } from "../os/limits.ts";
import {
  closeDescriptor,
  isJoinable,
  openListening,
  type Sharing,
  tuneListening,
} from "../os/socket.ts";
import type { Handed, InheritedSockets } from "./inherited-sockets.ts";

type Address = Pick<ListenerConfig, "bindAddress" | "port">;

export class ListeningSockets {
  private readonly workers: number;
  private readonly inherited: InheritedSockets | null;
  /** By address; one descriptor per worker, but for what was inherited. */
  private readonly open = new Map<string, readonly number[]>();

  constructor(workers: number, inherited: InheritedSockets | null = null) {
    this.workers = workers;
    this.inherited = inherited;
  }

  /**
   * Opens what is not open yet of these addresses, all or nothing. Throws BalError
   * `address-in-use`, `address-not-available`, `permission-denied`, `no-descriptors` or
   * `cannot-listen`.
   */
  openAll(addresses: readonly Address[]): void {
    const opened: Address[] = [];
    try {
      for (const address of addresses) {
        if (this.open.has(key(address))) continue;
        this.open.set(key(address), this.openFor(address));
        opened.push(address);
      }
      // Each worker dups what it is lent.
      requireDescriptors(opened.length * this.workers);
    } catch (error) {
      for (const address of opened) this.closeOne(key(address));
      throw error;
    }
  }

  /** Closes all but these. */
  keepOnly(addresses: readonly Address[]): void {
    const kept = new Set(addresses.map(key));
    for (const address of [...this.open.keys()]) {
      if (!kept.has(address)) this.closeOne(address);
    }
  }

  /** All that are open, for a process that takes this one's place. */
  get all(): readonly Handed[] {
    return [...this.open].flatMap(([name, fds]) => fds.map((fd) => ({ fd, name })));
  }

  /** Gives those that are open the options of their listeners. */
  tune(listeners: readonly ListenerConfig[]): void {
    for (const listener of listeners) {
      for (const fd of this.open.get(key(listener)) ?? []) tuneListening(fd, listener);
    }
  }

  /** The descriptors of an address that these workers' threads accept from. Where there are fewer than
   *  workers, some share one; where there are more, none is left out. */
  lend(address: Address, workers: readonly number[]): readonly number[] {
    const fds = this.open.get(key(address)) ?? [];
    const isLent = (_: number, index: number) =>
      workers.some((worker) =>
        fds.length < this.workers ? worker % fds.length === index : index % this.workers === worker,
      );
    return fds.filter(isLent);
  }

  private openFor(address: Address): readonly number[] {
    if (!isLinux) return [];
    const inherited = this.inherited?.take(address) ?? [];
    if (inherited.length > 0) return this.complete(inherited, address);
    const fds: number[] = [];
    // One of our own that covers this address does not stop it; anybody else's does.
    const sharing: Sharing = this.overlaps(address) ? "shared" : "exclusive";
    for (let worker = 0; worker < this.workers; worker++) {
      const fd = openListening(
        address.bindAddress,
        address.port,
        worker === 0 ? sharing : "shared",
      );
      if (fd < 0) {
        for (const opened of fds) closeDescriptor(opened);
        throw cannotListen(address, errnoCode(fd));
      }
      fds.push(fd);
    }
    return fds;
  }

  // One that others may join is of a bal with fewer workers; another stays alone, and is shared.
  private complete(inherited: readonly number[], address: Address): readonly number[] {
    const fds = [...inherited];
    while (fds.length < this.workers && inherited.every(isJoinable)) {
      const fd = openListening(address.bindAddress, address.port, "shared");
      if (fd < 0) break;
      fds.push(fd);
    }
    return fds;
  }

  private overlaps(address: Address): boolean {
    return [...this.open.keys()].some((other) => other.endsWith(`:${address.port}`));
  }

  private closeOne(address: string): void {
    for (const fd of this.open.get(address) ?? []) closeDescriptor(fd);
    this.open.delete(address);
  }
}

function requireDescriptors(needed: number): void {
  if (!isLinux || needed === 0) return;
  const left = Math.max(0, openFileLimit() - openFiles());
  if (needed <= left) return;
  throw new BalError("no-descriptors", `${needed} more descriptors are needed, ${left} are left`, {
    hint: localErrorRemedy("EMFILE"),
  });
}

function key(address: Address): string {
  return formatHostPort(address.bindAddress, address.port);
}

function cannotListen(address: Address, code: string): BalError {
  const where = key(address);
  switch (code) {
    case "EADDRINUSE":
      return new BalError("address-in-use", `${where} is already in use by another process`, {
        hint: `see who listens there: ss -ltnp 'sport = :${address.port}'`,
      });
    case "EADDRNOTAVAIL":
      return new BalError("address-not-available", `${where} is not an address of this host`, {
        hint: "see the host's addresses with: ip addr",
      });
    case "EACCES":
    case "EPERM":
      return new BalError("permission-denied", `this user may not listen on ${where}`, {
        hint: `use a port from 1024 on, or lower net.ipv4.ip_unprivileged_port_start to ${address.port}, or start it from a systemd unit with AmbientCapabilities=CAP_NET_BIND_SERVICE`,
      });
    default:
      return new BalError("cannot-listen", `cannot listen on ${where}: ${code}`);
  }
}
