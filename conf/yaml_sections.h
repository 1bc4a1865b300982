#pragma once

#include "conf/model.h"
#include "conf/yaml_reader.h"

/// Readers of the file's sections: each fills its part of the model and reports what is wrong in it. What
/// spans sections is checked afterwards, in conf/validation.h.
namespace tidegate::conf::yaml {

/// What the file says once for all routes and a route may override.
struct RouteDefaults {
  WebSocketRules websocket;
  RouteTimeouts timeouts;
  std::uint64_t max_body_bytes = 0;
  bool allow_underscores = false;
};

void read_listeners(const Context& context, const Node& node, std::vector<Listener>& out);
void read_routes(const Context& context, const Node& node, const RouteDefaults& defaults,
                 std::vector<Route>& out);
void read_upstreams(const Context& context, const Node& node, std::vector<Upstream>& out);
/// timeouts, limits, trusted_proxies, log, drain, metrics, admin and workers, and into `defaults` what routes
/// inherit.
void read_process(Section& top, Config& out, RouteDefaults& defaults);

// Pieces that more than one section has.
/// False, and an error, where the node is no address.
bool read_listen_address(const Context& context, const Node& node, ListenAddress& out);
/// The section's `address`, which it must have; `example` is what the complaint suggests.
void read_listen_address(Section& section, std::string_view example, ListenAddress& out);
void read_redirect(const Context& context, const Node& node, const std::string& path,
                   std::optional<Redirect>& out);
void read_websocket(const Context& context, const Node& node, const std::string& path, WebSocketRules& out);
/// The four timeouts that routes have too.
void read_route_timeouts(Section& section, RouteTimeouts& out);
void read_underscores(Section& section, bool& allow);
/// A name that logs and metric labels carry.
bool check_name(const Context& context, const Node::Entry& entry, std::string_view what);

/// Which message a header rule is for.
enum class HeaderSide { request, response };
void read_header_rules(const Context& context, const Node& node, const std::string& path, HeaderSide side,
                       HeaderRules& out);

}  // namespace tidegate::conf::yaml
