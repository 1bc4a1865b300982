#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "conf/model.h"
#include "conf/sites.h"
#include "gateway/base/diagnostic.h"
#include "nginx-compat/directives.h"
#include "nginx-compat/settings.h"
#include "nginx-compat/translator.h"
#include "nginx-compat/tree.h"

namespace tidegate::nginx {

/// A place in nginx's complaints: the line where the directive ends.
inline Position end_of(const Directive& directive) {
  return {*directive.file, directive.end_line, 0};
}

/// A block that holds settings of locations: a location, the server outside of its locations, an `if` in a
/// location, a limit_except.
struct LocationBlock {
  conf::Location::Kind kind = conf::Location::Kind::server;
  Text pattern;
  bool before_regex = false;
  bool ignore_case = false;
  LocationSettings settings;
  conf::Script script;
  std::vector<std::string> except_methods;
  std::optional<std::size_t> except;
  std::vector<std::size_t> nested;  ///< of ServerBlock::locations
  std::size_t index = 0;            ///< of ServerBlock::locations
  std::optional<std::size_t> parent;
  std::string title;  ///< of the route
  const Directive* directive = nullptr;
};

/// One `listen`, looked up.
struct Listen {
  conf::ListenAddress address;
  std::string text;  ///< "0.0.0.0:80", "[::]:80", "unix:/path": nginx's
  bool is_default = false;
  bool has_options = false;  ///< such as may be said only once, and ask for a socket of its own
  bool reuse_port = false;
  bool ssl = false;
  bool proxy_protocol = false;
  bool ipv6_only = true;
  conf::SocketOptions socket{};
};

struct ServerBlock {
  ServerSettings settings;
  std::vector<conf::ServerName> names;
  std::string first_name;
  std::optional<Listen> first_listen;
  /// The first is the server itself; each comes after the one that it stands in.
  std::vector<std::unique_ptr<LocationBlock>> locations;
  const Directive* directive = nullptr;
};

/// An address that servers listen on.
struct Address {
  Listen listen;
  std::vector<std::size_t> servers;
  std::optional<std::size_t> default_server;
};

/// An `upstream`, or what a proxy_pass to a host makes of it.
struct UpstreamBlock {
  std::string name;  ///< implicit: the host, as written
  std::uint16_t port = 0;
  bool has_port = false;
  bool is_implicit = false;
  conf::Upstream upstream;
  bool no_backup = false;  ///< the method knows no backup servers
  const Directive* method = nullptr;
  bool keepalive = false;
  milliseconds keepalive_timeout{60000};
  std::unordered_set<std::string> keepalive_said{};  ///< of keepalive_requests, _time and _timeout
  const Directive* directive = nullptr;
};

struct Zone {
  std::string use;  ///< whose it is
  std::size_t bytes = 0;
};

/// Where the directive that is read stands.
struct Scope {
  Context context = kMain;
  ServerBlock* server = nullptr;      ///< null outside of a server
  LocationBlock* location = nullptr;  ///< null outside of a server
  LocationSettings* settings = nullptr;
  ServerSettings* server_settings = nullptr;  ///< null in a location
  UpstreamBlock* upstream = nullptr;
  conf::Script* script = nullptr;
};

struct Url;

/// One translation under way: what the handlers of directives read and fill.
class Work {
 public:
  Work(const TranslateOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {}

  Translation run(const std::vector<Directive>& tree);

  // For the handlers.

  void walk(const std::vector<Directive>& block, const Scope& scope);
  const Scope& scope() const { return scope_; }
  const TranslateOptions& options() const { return options_; }

  /// `"x" directive is duplicate` and its like.
  void fail_directive(const Directive& directive, std::string_view what);
  void fail(const Directive& directive, std::string message) { fail(end_of(directive), std::move(message)); }
  void fail(Position at, std::string message) { diagnostics_.error(std::move(at), std::move(message)); }
  void warn(const Directive& directive, std::string message) {
    diagnostics_.warning(end_of(directive), std::move(message));
  }
  void approximated(const Directive& directive, std::string why) {
    judge(directive, Verdict::Kind::approximated, std::move(why), false);
  }
  void ignored(const Directive& directive, std::string why) {
    judge(directive, Verdict::Kind::ignored, std::move(why), false);
  }
  void refused(const Directive& directive, std::string why, bool harmless = false) {
    judge(directive, Verdict::Kind::refused, std::move(why), harmless);
  }

  /// The word with its place.
  static Text text_of(const Directive& directive, std::size_t arg);
  /// An absolute path: relative ones begin at the prefix, or where the configuration is.
  std::string full_path(std::string_view path) const;
  std::string full_conf_path(std::string_view path) const;
  /// The upstream of this name, or a new one. None: it cannot be, and that was said.
  std::optional<std::size_t> upstream_for(const Directive& directive, const Url& url);
  /// For an `upstream`: what a proxy_pass before it has made of the name, emptied, or a new one.
  UpstreamBlock& upstream_block(const std::string& name);
  std::vector<const UpstreamBlock*> upstreams_of(const std::string& name) const;
  /// Has the host an address, or need that not be known?
  bool is_known(const std::string& host);
  /// The addresses of a host; empty: it has none, or is not known.
  const std::vector<IpAddress>& addresses_of(const std::string& host);
  /// False, and a complaint, where it is already declared for another use or with another size.
  bool declare_zone(const Directive& directive, const std::string& name, std::string_view use,
                    std::size_t bytes);
  /// Zones must have been declared with a size when all has been read.
  void use_zone(const Directive& directive, const std::string& name, std::string_view use);

  conf::Sites sites;
  conf::Config config;
  Process process;
  LocationSettings http_settings;
  ServerSettings http_server_settings;
  std::vector<std::unique_ptr<ServerBlock>> servers;
  std::vector<std::unique_ptr<UpstreamBlock>> upstreams;
  std::vector<Address> addresses;
  std::unordered_map<std::string, std::size_t> address_numbers;  ///< of `addresses`, by Listen::text
  std::size_t listens = 0;                                       ///< addresses of servers, in all
  /// Zones of limit_req and limit_conn by use and name, of `sites.zones`; which of them a block uses already.
  std::map<std::pair<conf::LimitZone::Kind, std::string>, std::size_t> limit_zones;
  std::set<std::tuple<const void*, conf::LimitZone::Kind, std::string>> limits_said;
  std::unordered_set<std::string> seen;  ///< of directives that may stand only once, in the main context
  const Directive* http = nullptr;

 private:
  static std::string quoted_name(const Directive& directive);
  void judge(const Directive& directive, Verdict::Kind kind, std::string why, bool harmless);
  void visit(const Directive& directive);

  struct ZoneUse {
    Position at;
    std::string name;
  };

  const TranslateOptions& options_;
  Diagnostics& diagnostics_;
  Scope scope_;
  std::vector<Verdict> report_;
  std::unordered_map<const Directive*, std::size_t> verdicts_;  ///< of report_
  std::unordered_multimap<std::string, std::size_t> upstream_names_;
  std::unordered_map<std::string, std::vector<IpAddress>> looked_up_;
  std::map<std::string, Zone> zones_;
  std::vector<ZoneUse> zone_uses_;
};

}  // namespace tidegate::nginx
