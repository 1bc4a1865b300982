#pragma once

#include <chrono>
#include <memory>

#include "gateway/net/loop.h"
#include "gateway/net/socket_address.h"
#include "gateway/net/stream.h"

namespace tidegate::net {

/// Dials `to`; the listener hears on_open or on_error (upstream_unreachable with the errno, or
/// upstream_connect_timeout). TCP_NODELAY, keepalive and TCP_USER_TIMEOUT are set. Never calls the listener
/// from within. `from` is this end's address, its port usually 0; null, or for a unix socket: the system
/// chooses.
std::unique_ptr<Stream> dial(Loop& loop, const SocketAddress& to, std::chrono::milliseconds timeout,
                             StreamListener& listener, const SocketAddress* from = nullptr);

/// Takes over a connected, non-blocking socket (from accept4 or socketpair). Its listener is set with
/// set_listener() before start_reading().
std::unique_ptr<Stream> adopt(Loop& loop, int fd);

}  // namespace tidegate::net
