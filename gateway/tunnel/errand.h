#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "conf/sites.h"
#include "gateway/base/ip.h"
#include "gateway/http/head.h"
#include "gateway/sites/walk.h"
#include "gateway/tunnel/kept_body.h"
#include "gateway/upstream/connector.h"
#include "gateway/upstream/on_demand.h"

namespace tidegate::tunnel {

struct Snapshot;

/// What a site's request brings to an upstream.
struct Errand {
  sites::Outgoing out;
  const conf::Route* route = nullptr;      ///< its timeouts
  const conf::ProxyPass* proxy = nullptr;  ///< the location's
  upstream::Connector* connector = nullptr;
  std::shared_ptr<upstream::OnDemand::Entry> on_demand{};  ///< whose connector it is; null: a configured one
  http::Framing framing = http::Framing::none;             ///< of the body, towards the upstream
  std::uint64_t length = 0;
  const KeptBody* body = nullptr;  ///< null: the body comes through Passage::send_body()
  std::optional<IpAddress> client{};
  const http::RequestHead* head = nullptr;  ///< the client's
  std::string_view log_id{};
  bool relays_trailers = false;  ///< to a client that has asked for them
};

/// The errand of a walk that says PassOn, still without a connector and a body.
Errand make_errand(const Snapshot& snapshot, const sites::Walk& walk, const http::RequestHead& head,
                   std::string_view log_id);

/// Finds where the errand goes: an upstream of the configuration, or a server that the request names. `found`
/// hears whether there is such a place, at once (then null is answered) or from the loop, unless what is
/// answered is gone by then.
std::unique_ptr<upstream::OnDemand::Wait> find_connector(Snapshot& snapshot, Errand& errand,
                                                         std::function<void(bool found)> found);

}  // namespace tidegate::tunnel
