#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "conf/model.h"
#include "gateway/net/loop.h"
#include "gateway/net/socket_address.h"

namespace tidegate::upstream {

/// Looks up the names of a configuration's servers on the main thread, again and again at each upstream's
/// `resolve`. A failed lookup keeps the last answer and is logged once until it changes.
///
/// Thread: the main loop's. End: the destructor.
class Directory {
 public:
  /// Called whenever the addresses of a server are known or have changed.
  using Publish = std::function<void(std::size_t upstream, std::size_t server, std::vector<net::SocketAddress>)>;
  /// `first_round` is called once, when every name was looked up once (found or not) or after 5 s.
  Directory(net::Loop& loop, const conf::Config& config, Publish publish, std::function<void()> first_round);
  ~Directory();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::upstream
