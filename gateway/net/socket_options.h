#pragma once

#include "conf/model.h"

namespace tidegate::net {

/// Sets what every TCP socket has: TCP_NODELAY, keepalive (60 s idle, then 4 probes 15 s apart) and
/// TCP_USER_TIMEOUT (120 s). Linux copies all of them from a listening socket to what it accepts, so that
/// accepting costs no system call for them.
void set_tcp_options(int fd);

/// What a configuration says of a listening socket, on top of set_tcp_options(): what is accepted inherits
/// it.
void set_listening_options(int fd, const conf::SocketOptions& options);

}  // namespace tidegate::net
