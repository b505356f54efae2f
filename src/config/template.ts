// The config that `bal start` writes where there is none.

export const template = `# bal: a TCP load balancer. Check this file with \`bal check\`; saving it reloads.
# Every key has a default; the commented lines show some of them.

# Clients connect here.
port: 9295
# bind_address: "0.0.0.0"       # this host's address; "::" is IPv4 and IPv6

# round_robin, or least_connections
method: round_robin

# bal relays each client to one of these; host is an IP address or a name.
backends:
  - {host: 127.0.0.1, port: 8001}
  - {host: 127.0.0.1, port: 8002}
  # - {host: app.internal, port: 443, weight: 2}

# How bal checks the backends.
# health_check: {interval: 5s, timeout: 2s, fast_interval: 500ms, rise: 2, fall: 3}

# Timeouts; 0 disables idle and half_closed.
# timeouts: {connect: 2s, connect_total: 6s, idle: 1h, half_closed: 5m, shutdown: 25s}

# How many concurrent connections, and what happens to further clients: reject or wait.
# limits: {max_connections: auto, overload: reject}

# log: {level: info, format: auto}
`;
