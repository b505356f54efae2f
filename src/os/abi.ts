// Numbers of Linux's kernel ABI, the same on x86_64 and arm64 (include/uapi).

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_REUSEPORT = 15;

export const MSG_DONTWAIT = 0x40;

export const IPPROTO_TCP = 6;
export const TCP_QUICKACK = 12;

export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;

export const F_DUPFD_CLOEXEC = 1030;

export const EHOSTUNREACH = 113;
export const EINPROGRESS = 115;

export const RLIMIT_NOFILE = 7;

export const EAGAIN = 11;
export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
