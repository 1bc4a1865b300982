#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "conf/model.h"
#include "gateway/net/loop.h"
#include "gateway/net/socket_address.h"

namespace tidegate::upstream {

/// Looks up the names of a configuration's servers on the main thread, again and again at each upstream's
/// `resolve`; a name that was never found more often, every second. A failed lookup keeps the last answer and
/// is logged once until it changes.
///
/// Owner: the server, one per configuration, which it copies what it needs of. Thread: the main loop's. End:
/// the destructor; neither function is called afterwards.
class Directory {
 public:
  /// Called whenever the addresses of a server are known or have changed; for literal addresses and unix
  /// sockets from within the constructor, for names from the loop.
  using Publish =
      std::function<void(std::size_t upstream, std::size_t server, std::vector<net::SocketAddress>)>;
  /// `first_round` is called once, from the loop, when every name was looked up once (found or not) or after
  /// 5 s.
  Directory(net::Loop& loop, const conf::Config& config, Publish publish, std::function<void()> first_round);
  ~Directory();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::upstream
