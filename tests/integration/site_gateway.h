#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {

/// A site built by hand, as nginx's configuration would be translated: one server on one listener, nginx's
/// defaults in every location.
class Site {
 public:
  explicit Site(conf::Config& config);
  ~Site();

  /// Locations of the server, each with a route of its own.
  conf::Location& at(const std::string& prefix);
  conf::Location& exactly(const std::string& path);
  conf::Location& named(const std::string& name);
  conf::Route& route(const conf::Location& location);
  conf::Upstream& upstream(const std::string& name);
  conf::Config& config() { return config_; }

  /// proxy_pass http://NAME, without a URI.
  static conf::ProxyPass& pass(conf::Location& location, const std::string& upstream);
  /// proxy_set_header, in place of one of that name.
  static void set(conf::ProxyPass& proxy, const std::string& name, const std::string& value);
  /// What front doors write for WebSocket.
  static void upgrade(conf::ProxyPass& proxy);
  static conf::RewriteStep respond(int status, const std::string& value);
  static void error_page(conf::Location& location, std::vector<int> statuses, const std::string& target);
  void log(const std::string& format, const std::string& path);

 private:
  conf::Location& add(conf::Location::Kind kind, const std::string& pattern);

  conf::Config& config_;
  conf::Sites sites_;
};

/// A gateway in front of `upstreams` (each a list of addresses) that runs a site.
class SiteGateway : public Gateway {
 public:
  using Upstreams = std::vector<std::pair<std::string, std::vector<std::string>>>;
  SiteGateway(const Upstreams& upstreams, std::function<void(Site&)> build);
  /// Lines of a log file, of which there are to be `at_least` many.
  static std::vector<std::string> lines(const std::string& path, std::size_t at_least);
};

}  // namespace tidegate::test
