#include "gateway/net/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace tidegate::net {
namespace {

void set(int fd, int level, int option, int value) {
  // None of them fails on a TCP socket of Linux; without one, the connection works less well but works.
  ::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

void set_tcp_options(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);   // seconds
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);  // seconds
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 120'000);  // milliseconds
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);  // last: it starts the timer, which the others would set again
}

void set_listening_options(int fd, const conf::SocketOptions& options) {
  const auto set_if = [fd](int level, int option, long value) {
    if (value > 0) set(fd, level, option, static_cast<int>(value));
  };
  set_if(SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  set_if(SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
  set_if(IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_idle.count());
  set_if(IPPROTO_TCP, TCP_KEEPINTVL, options.keepalive_interval.count());
  set_if(IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_probes);
  if (!options.keepalive) set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
}

}  // namespace tidegate::net
