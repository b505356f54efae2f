// The listening sockets of the process: opened here, lent to the workers, closed here. One per
// worker and port, so that the kernel spreads clients over the workers; of a unix socket there is
// one for all of them.
//
// A socket's identity is its address, not its listener's name.
import { type Endpoint, formatEndpoint, type TcpEndpoint } from "../../base/address.ts";
import { BalError } from "../../base/errors.ts";
import { type ListenAddress, listeningEndpoints } from "../../base/listen-address.ts";
import { errnoCode, localErrorRemedy } from "../../base/os-error.ts";
import type { ListenerConfig } from "../../config/config.ts";
import { isLinux } from "../../os/libc.ts";
import { openFileLimit, openFiles } from "../../os/limits.ts";
import {
  closeDescriptor,
  isJoinable,
  openListening,
  type Sharing,
  tuneListening,
} from "../../os/socket.ts";
import { setMode, socketFileAt } from "../../os/unix-listening.ts";
import type { Handed, InheritedSockets } from "./inherited-sockets.ts";
import { cannotListen } from "./listen-error.ts";
import { openAtPath, removeSocketFile } from "./unix-socket-file.ts";

type Located = Pick<ListenerConfig, "address">;

type Open = {
  readonly endpoint: Endpoint;
  readonly fds: readonly number[];
  /** The unix socket's file that this process has to remove; null: there is none. */
  file: string | null;
};

export class ListeningSockets {
  private readonly workers: number;
  private readonly inherited: InheritedSockets | null;
  /** By address; one descriptor per worker, but for what was inherited and for unix sockets. */
  private readonly open = new Map<string, Open>();

  constructor(workers: number, inherited: InheritedSockets | null = null) {
    this.workers = workers;
    this.inherited = inherited;
  }

  /**
   * Opens what is not open yet of these, all or nothing. Throws BalError
   * `address-in-use`, `address-not-available`, `permission-denied`, `no-descriptors` or
   * `cannot-listen`.
   */
  openAll(listeners: readonly Located[]): void {
    const fresh: string[] = [];
    try {
      for (const { address } of listeners) {
        for (const endpoint of listeningEndpoints(address)) {
          const key = formatEndpoint(endpoint);
          if (this.open.has(key)) continue;
          this.open.set(key, this.openAt(endpoint, address));
          fresh.push(key);
        }
      }
      // Each worker dups what it is lent.
      requireDescriptors(fresh.length * this.workers);
    } catch (error) {
      for (const key of fresh) this.close(key);
      throw error;
    }
  }

  /** Closes all but these. */
  keepOnly(listeners: readonly Located[]): void {
    const endpoints = listeners.flatMap(({ address }) => listeningEndpoints(address));
    const kept = new Set(endpoints.map(formatEndpoint));
    for (const key of [...this.open.keys()]) if (!kept.has(key)) this.close(key);
  }

  /** All that are open, for a process that takes this one's place. */
  get all(): readonly Handed[] {
    return [...this.open.values()].flatMap(({ fds, file }) =>
      fds.map((fd) => ({ fd, name: "bal", file })),
    );
  }

  /** The process before has let go: the files of its unix sockets are this one's, and removed where no
   *  listener has them. */
  takeFiles(listeners: readonly ListenerConfig[]): void {
    for (const [path, file] of this.inherited?.files ?? []) {
      const open = this.open.get(`unix:${path}`);
      if (open === undefined) removeSocketFile(path, file);
      else open.file = file;
    }
    this.tune(listeners);
  }

  /** Another process has them. */
  leaveFiles(): void {
    for (const open of this.open.values()) open.file = null;
  }

  /** Gives those that are open what their listeners say: options, and the rights of files. */
  tune(listeners: readonly ListenerConfig[]): void {
    for (const listener of listeners) {
      const options = { ...listener, userTimeoutMs: listener.timeouts.userMs };
      for (const { endpoint, fds, file } of this.at(listener.address)) {
        if (endpoint.family !== "unix") for (const fd of fds) tuneListening(fd, options);
        else if (file !== null) setRights(listener.address, file);
      }
    }
  }

  /** The descriptors of an address that these workers' threads accept from. Where there are fewer than
   *  workers, some share one; where there are more, none is left out. */
  assignSockets(address: ListenAddress, workers: readonly number[]): readonly number[] {
    return this.at(address).flatMap(({ fds }) => {
      const isLent = (_: number, index: number) =>
        workers.some((worker) =>
          fds.length < this.workers
            ? worker % fds.length === index
            : index % this.workers === worker,
        );
      return fds.filter(isLent);
    });
  }

  private at(address: ListenAddress): readonly Open[] {
    return listeningEndpoints(address).flatMap((one) => this.open.get(formatEndpoint(one)) ?? []);
  }

  private openAt(endpoint: Endpoint, address: ListenAddress): Open {
    if (!isLinux) return { endpoint, fds: [], file: null };
    const inherited = this.inherited?.take(endpoint) ?? [];
    if (endpoint.family !== "unix") {
      const fds =
        inherited.length > 0 ? this.complete(inherited, endpoint) : this.openTcp(endpoint);
      return { endpoint, fds, file: null };
    }
    if (inherited.length > 0) return { endpoint, fds: inherited, file: null };
    const mode = address.kind === "unix" ? address.mode : null;
    const fd = opened(openAtPath(endpoint.path, mode), endpoint);
    return { endpoint, fds: [fd], file: socketFileAt(endpoint.path) };
  }

  private openTcp(endpoint: TcpEndpoint): readonly number[] {
    const fds: number[] = [];
    // One of our own that covers this address does not stop it; anybody else's does.
    const sharing: Sharing = this.overlaps(endpoint) ? "shared" : "exclusive";
    try {
      for (let worker = 0; worker < this.workers; worker++) {
        const fd = openListening(endpoint, worker === 0 ? sharing : "shared");
        fds.push(opened(fd, endpoint));
      }
      return fds;
    } catch (error) {
      for (const fd of fds) closeDescriptor(fd);
      throw error;
    }
  }

  // One that others may join is of a bal with fewer workers; another stays alone, and is shared.
  private complete(inherited: readonly number[], endpoint: TcpEndpoint): readonly number[] {
    const fds = [...inherited];
    while (fds.length < this.workers && inherited.every(isJoinable)) {
      const fd = openListening(endpoint, "shared");
      if (fd < 0) break;
      fds.push(fd);
    }
    return fds;
  }

  private overlaps({ port }: TcpEndpoint): boolean {
    for (const { endpoint } of this.open.values()) {
      if (endpoint.family !== "unix" && endpoint.port === port) return true;
    }
    return false;
  }

  // The file first: a client that comes after that finds nobody, instead of a queue that ends.
  private close(key: string): void {
    const open = this.open.get(key);
    if (open === undefined) return;
    const { endpoint, fds, file } = open;
    if (endpoint.family === "unix" && file !== null) removeSocketFile(endpoint.path, file);
    for (const fd of fds) closeDescriptor(fd);
    this.open.delete(key);
  }
}

function opened(fd: number, endpoint: Endpoint): number {
  if (fd >= 0) return fd;
  throw cannotListen(endpoint, errnoCode(fd));
}

function setRights(address: ListenAddress, file: string): void {
  if (address.kind !== "unix" || address.mode === null) return;
  setMode(address.path, file, address.mode);
}

function requireDescriptors(needed: number): void {
  if (!isLinux || needed === 0) return;
  const left = Math.max(0, openFileLimit() - openFiles());
  if (needed <= left) return;
  throw new BalError(
    "no-descriptors",
    `${needed} more file descriptors are needed, and ${left} are left`,
    {
      hint: localErrorRemedy("EMFILE"),
    },
  );
}
