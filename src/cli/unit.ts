// The systemd unit of a binary: hardened by all that bal can live with (systemd.exec(5)).

import { RUNTIME_VARIABLES } from "../os/environment.ts";

type UnitOptions = {
  /** Absolute path of the binary. */
  readonly binary: string;
  /** The system's, or one user's. */
  readonly scope: "system" | "user";
  /** The value of BAL_HOME; null: it is not set. */
  readonly home: string | null;
};

export function unit(options: UnitOptions): string {
  return options.scope === "system" ? systemUnit(options) : userUnit(options);
}

function systemUnit({ binary }: UnitOptions): string {
  const program = word(binary);
  return `# /etc/systemd/system/bal.service, by \`bal service\`
[Unit]
Description=bal, a TCP load balancer
Documentation=man:bal(1)
Wants=network-online.target
After=network-online.target
# No limit of restarts: a port that is in use may become free, and without bal the host serves no client.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=${program} start -c /etc/bal/config.yaml
ExecReload=${program} graceful
Restart=on-failure
RestartSec=1s
WatchdogSec=30s
# More than timeouts.drain_delay and timeouts.shutdown together.
TimeoutStopSec=90s
# Two for each connection.
LimitNOFILE=524288

# A dynamic user, which exists only while bal runs.
DynamicUser=yes
Environment=BAL_HOME=/var/lib/bal
# Variables that the runtime in the binary obeys.
UnsetEnvironment=${RUNTIME_VARIABLES.join(" ")}
StateDirectory=bal
StateDirectoryMode=0700
LogsDirectory=bal
RuntimeDirectory=bal
UMask=0077

# The only privilege: to open ports below 1024.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=${isInHome(binary) ? "read-only" : "yes"}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute stays off: the JavaScript engine compiles to memory that it then runs.

[Install]
WantedBy=multi-user.target
`;
}

// A user's unit lacks the settings that need a mount namespace: not every user may have one.
function userUnit({ binary, home }: UnitOptions): string {
  const program = word(binary);
  return `# ~/.config/systemd/user/bal.service, by \`bal service --user\`
[Unit]
Description=bal, a TCP load balancer
Documentation=man:bal(1)
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=${program} start
ExecReload=${program} graceful
${home === null ? "" : `Environment=${word(`BAL_HOME=${home}`)}\n`}Restart=on-failure
RestartSec=1s
WatchdogSec=30s
# More than timeouts.drain_delay and timeouts.shutdown together.
TimeoutStopSec=90s
UMask=0077
UnsetEnvironment=${RUNTIME_VARIABLES.join(" ")}
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`;
}

/** In folders that ProtectHome=yes hides, and other users may not enter. */
export function isInHome(path: string): boolean {
  return /^\/(home|root|run\/user)\//.test(path);
}

// Quoted only where it must be (systemd.syntax(7)); % begins a specifier. A $ stands for itself in a
// program's path and in Environment=.
function word(text: string): string {
  const escaped = text.replaceAll("%", "%%");
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
