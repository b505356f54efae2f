// Why an address can't be listened on, in words, and what to do about it.
import { dirname } from "node:path";
import { type Endpoint, formatEndpoint } from "../../base/address.ts";
import { BalError } from "../../base/errors.ts";
import { errnoCode, isLocalError, localErrorRemedy } from "../../base/os-error.ts";
import { ECONNREFUSED } from "../../os/abi.ts";
import { isPortOfConnection } from "../../os/port-holder.ts";
import { socketFileAt, tryConnect } from "../../os/unix-listening.ts";

/** `code` as the kernel said it. */
export function cannotListen(endpoint: Endpoint, code: string): BalError {
  const known =
    endpoint.family === "unix"
      ? atPath(endpoint.path, code)
      : atPort(formatEndpoint(endpoint), endpoint.port, code);
  if (known !== null) return known;
  const message = `cannot listen on ${formatEndpoint(endpoint)}: ${code}`;
  return new BalError("cannot-listen", message, {
    ...(isLocalError(code) && { hint: localErrorRemedy(code) }),
  });
}

function atPort(where: string, port: number, code: string): BalError | null {
  switch (code) {
    case "EADDRINUSE":
      if (isPortOfConnection(port)) return ephemeral(where, port);
      return new BalError("address-in-use", `${where} is already in use by another process`, {
        hint: `see which process listens there: ss -ltnp 'sport = :${port}'`,
      });
    case "EADDRNOTAVAIL":
      return new BalError("address-not-available", `${where} is not an address of this host`, {
        hint: "see the host's addresses with: ip addr",
      });
    case "EACCES":
    case "EPERM":
      return new BalError("permission-denied", `this user may not listen on ${where}`, {
        hint: `use a port of 1024 or above, or lower net.ipv4.ip_unprivileged_port_start to ${port}, or start bal from a systemd unit with AmbientCapabilities=CAP_NET_BIND_SERVICE`,
      });
    default:
      return null;
  }
}

function ephemeral(where: string, port: number): BalError {
  const message = `no process listens on ${where}, but a connection uses it as its local port`;
  return new BalError("address-in-use", message, {
    hint: `try again once it has ended (ss -tanp 'sport = :${port}'), and keep the port for listeners: sysctl -w net.ipv4.ip_local_reserved_ports=${port}, or choose one outside net.ipv4.ip_local_port_range`,
  });
}

function atPath(path: string, code: string): BalError | null {
  const folder = dirname(path);
  switch (code) {
    case "EADDRINUSE":
      return inUse(path);
    case "ENOENT":
    case "ENOTDIR":
      return new BalError("address-not-available", `the folder of unix:${path} does not exist`, {
        hint: `mkdir -p ${folder}, or RuntimeDirectory= in a systemd unit, which creates one in /run`,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new BalError("permission-denied", `this user may not create a socket in ${folder}`, {
        hint: "use a folder that it may write to; RuntimeDirectory= in a systemd unit creates one in /run",
      });
    default:
      return null;
  }
}

// The file that was there was not removed, for one of these reasons.
function inUse(path: string): BalError {
  const where = `unix:${path}`;
  const isFile = !path.startsWith("@");
  if (isFile && socketFileAt(path) === null) {
    return new BalError("address-in-use", `${path} exists and is not a socket`, {
      hint: "move it away, or choose another path: bal removes only sockets on which no process answers",
    });
  }
  const error = isFile ? tryConnect(path) : 0;
  const code = errnoCode(error);
  if (isLocalError(code) && code !== "EAGAIN") {
    const message = `there is already a socket at ${path}, and this user cannot find out whether a process listens on it: ${code}`;
    return new BalError("permission-denied", message, { hint: `if none does: rm ${path}` });
  }
  if (error === ECONNREFUSED) {
    const message = `no process listens on the socket at ${path}, but this user may not remove it`;
    return new BalError("permission-denied", message, { hint: `rm ${path}` });
  }
  return new BalError("address-in-use", `${where} is already in use by another process`, {
    hint: `see which process listens there: ss -lxp | grep ${path}`,
  });
}
