// The config that `bal start` writes where there is none.

export const template = `# bal: a TCP load balancer. Check this file with \`bal check\`; saving it reloads.
# Every key has a default; what is commented out shows it.

# Clients connect here.
port: 9295
# bind_address: "0.0.0.0"       # this host's address; "::" is IPv4 and IPv6

# round_robin, or least_connections
method: round_robin

# They are passed on to one of these: an IP address or a name each.
backends:
  - {host: 127.0.0.1, port: 8001}
  - {host: 127.0.0.1, port: 8002}
  # - {host: app.internal, port: 443, weight: 2}

# How backends are checked.
# health_check: {interval: 5s, timeout: 2s, fast_interval: 500ms, rise: 2, fall: 3}

# How long things may take; 0 switches idle and half_closed off.
# timeouts: {connect: 2s, connect_total: 6s, idle: 1h, half_closed: 5m, shutdown: 25s}

# How many connections at a time; what happens above that: reject, or wait.
# limits: {max_connections: auto, overload: reject}

# log: {level: info, format: auto}
`;
