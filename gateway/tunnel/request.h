#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/result.h"
#include "gateway/http/forward.h"
#include "gateway/http/head.h"
#include "gateway/net/stream.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/variables.h"
#include "gateway/tunnel/host.h"
#include "gateway/tunnel/identity.h"
#include "gateway/tunnel/snapshot.h"

namespace tidegate::tunnel {

/// A sound request with what routing and header rules need to know of it. Lives as long as it is being
/// served; freed when a tunnel opens.
struct Request {
  /// Normalises the path and fills the view. bad_target where the path climbs above the root and the like.
  static Result<std::unique_ptr<Request>> make(std::unique_ptr<http::RequestHead> head,
                                               const net::Stream& stream, const Snapshot& snapshot,
                                               std::size_t listener, Host& host);

  std::unique_ptr<http::RequestHead> head;
  std::string id;  ///< for log lines
  std::string request_id;
  std::string peer_addr;
  Identity identity;
  std::string uri;  ///< normalised path
  routing::RequestView view;
  const routing::CompiledRoute* route = nullptr;
  std::chrono::steady_clock::time_point began;  ///< the head was complete

  bool is_head() const { return head->method == "HEAD"; }
};

/// A route's rules with this request's variables filled in.
http::FieldRules evaluate(const std::vector<std::pair<std::string, routing::Template>>& set,
                          const std::vector<std::string>& remove, const routing::RequestView& view);

}  // namespace tidegate::tunnel
