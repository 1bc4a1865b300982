#pragma once

#include <memory>

#include "gateway/net/sockaddr.h"
#include "gateway/net/stream.h"

namespace tidegate::net {

class Loop;

/// adopt() for who knows the peer already: saves the system call that asks for it.
std::unique_ptr<Stream> adopt_from(Loop& loop, int fd, const RawAddress& peer);

}  // namespace tidegate::net
