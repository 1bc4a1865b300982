#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "nginx-compat/import/facts.h"
#include "nginx-compat/import/import.h"
#include "nginx-compat/import/report.h"
#include "nginx-compat/import/script.h"

namespace tidegate::nginx {

/// A listener of YAML: one of nginx's, or two that are the two families of one port.
struct Door {
  std::string name;
  std::vector<std::size_t> listeners;  ///< of the translation
  std::vector<std::size_t> servers;
  std::size_t otherwise = 0;
  std::optional<FixedAnswer> redirect;
  std::string acme_challenge;
};

/// A route that is not yet bound to hosts and a listener.
struct Draft {
  conf::Route route;
  std::vector<std::string> comment;
  bool one_line = false;
};

/// One import under way.
///
/// Owner: import(), for the time of one call.
class Lowering {
 public:
  Lowering(const std::vector<Directive>& tree, const Translation& translation);
  Import run();

 private:
  using Kind = Verdict::Kind;
  /// Requests for some of a server's hosts, at some of its doors, that fare alike.
  struct Group {
    std::vector<std::string> hosts;
    std::set<std::size_t> doors;
    std::optional<FixedAnswer> answer;  ///< to every path; none: the locations
    Facts facts;
    bool any = false;  ///< every host, and `hosts` is empty
  };
  /// A host of a server at a door.
  struct Visit {
    std::size_t door = 0;
    std::string host;  ///< empty: one that nobody names
    std::optional<FixedAnswer> answer;
    Facts facts;
  };
  /// Where a location is lowered.
  struct Setting {
    const conf::VirtualServer& server;
    const Facts& facts;
    std::vector<Draft>& drafts;
    std::vector<std::string>& pending;   ///< comments on what was left out
    std::vector<std::string> methods{};  ///< limit_except: those of the location that comes next
  };

  // Listeners: doors.cc.
  void find_doors();
  void name_doors();
  void find_challenges();
  void note_challenge(const conf::Location& location, const Door& door);
  void find_redirects();
  void lower_listeners();
  conf::ListenerTls tls_of(const Door& door);
  void note_tls(const conf::ListenerTls& tls, const std::string& who, const conf::ListenerTls& main);
  conf::ListenAddress address_of(const Door& door);

  // Servers: servers.cc.
  const Place* place_of(const conf::VirtualServer& server) const { return report_.at(server.at); }
  std::vector<std::string> hosts_of(const conf::VirtualServer& server);
  bool is_default(const Door& door, std::size_t server);
  bool catches_all(const Door& door, std::size_t server);
  std::vector<Visit> visits_of(const Door& door, std::size_t door_index, std::size_t server);
  std::optional<FixedAnswer> answer_to_all(const conf::VirtualServer& server, const Facts& facts);
  void lower_server(std::size_t index);
  std::vector<Group> groups_of(std::size_t index);
  std::vector<Draft> drafts_of(const conf::VirtualServer& server, const Group& group,
                               std::vector<std::string>& pending);
  /// Closes a server whose clients' certificates its listener does not ask for in the same way.
  bool loses_certificates(Setting& setting, const Group& group);
  static void put_before_all(std::vector<Draft>& drafts, std::size_t specials);
  void emit(const Group& group, std::vector<Draft> drafts, std::vector<std::string> pending);
  void emit_at(const std::string& listener, const Group& group, const std::vector<Draft>& drafts,
               bool comments);
  void close_named_hosts();

  // Locations: locations.cc.
  static bool is_challenge(const conf::Location& location);
  static std::string challenge_root(const conf::Location& location);
  void lower_specials(Setting& setting, const conf::Location& location, const conf::PathMatch& path,
                      const Ran& ran);
  void lower_location(Setting& setting, const conf::Location& location);
  void lower_inside(Setting& setting, const conf::Location& location, const conf::PathMatch& path);
  void note_let_in(Setting& setting, const Ran& ran);
  void close_within(Setting& setting, const conf::Location& location);
  static void keep_to_methods(Setting& setting, const conf::PathMatch& path, std::size_t first);
  void lower_nested(Setting& setting, const conf::Location& location);
  bool path_of(Setting& setting, const conf::Location& location, conf::PathMatch& out);
  /// False: nobody is let in, and that is in the drafts.
  bool admit(Setting& setting, const conf::Location& location, const conf::PathMatch& path);
  /// Everybody gets 403.
  static void close(Setting& setting, const conf::PathMatch& path, const std::string& comment);
  void lower_content(Setting& setting, const conf::Location& location, const conf::PathMatch& path,
                     const Ran& ran);
  void lower_files(Setting& setting, const conf::Location& location, const conf::PathMatch& path);
  std::optional<Draft> answer_draft(const conf::Location& location, const conf::PathMatch& path,
                                    const FixedAnswer& answer);
  void leave_out(Setting& setting, const conf::Location& location, const std::string& what);
  std::string where(const Position& at) const;

  // What is proxied: proxying.cc.
  void lower_proxy(Setting& setting, const conf::Location& location, const conf::PathMatch& path,
                   const Ran& ran);
  std::optional<std::string> target_of(const conf::Location& location, const Facts& facts,
                                       bool& uri_is_plain);
  bool rewrite_of(const conf::Location& location, const Ran& ran, bool uri_is_plain, conf::Route& route);
  void lower_limits(const conf::Location& location, conf::Route& route, bool websocket);
  void refuse_proxy_extras(const conf::Location& location);

  // Header fields: headers.cc.
  /// True: WebSocket handshakes pass in nginx.
  bool lower_request_headers(const conf::Location& location, const Facts& facts, conf::Route& route);
  void lower_request_header(const conf::Location& location, const std::string& name, const std::string& value,
                            conf::Route& route);
  void lower_response_headers(const conf::Location& location, conf::Route& route);
  void lower_expires(const conf::Location& location, conf::Route& route);
  const Directive* field_directive(const Place* block, std::string_view directive,
                                   std::string_view field) const;
  /// Notes all that the value asks for; false, and a refusal: YAML does not know it.
  bool check_value(const Directive* directive, const std::string& value);
  bool upgrades(const std::string& value);

  // Upstreams and the process: upstreams.cc.
  const std::string& upstream_named(const std::string& name);
  const std::string& upstream_for(const conf::Server& server);
  std::string upstream_name(const conf::Upstream& upstream);
  conf::Upstream lower_upstream(const conf::Upstream& upstream);
  void lower_servers(const conf::Upstream& upstream, const Place* place, conf::Upstream& out);
  void lower_process();
  void lower_logs();
  void lower_real_ip();
  /// False, and a refusal: whom it believes cannot be said of all servers alike.
  bool check_real_ip(const conf::VirtualServer& server);
  void settle_limits();

  const Translation& in_;
  const conf::Sites& sites_;
  ImportReport report_;
  Import out_;
  std::vector<Door> doors_;
  std::map<std::string, std::string> upstreams_;  ///< names in the translation and in YAML
  std::set<std::string> taken_;                   ///< of upstreams' names in YAML
  std::set<std::string> routes_;                  ///< what routes match, since none may do so twice
  std::set<std::pair<std::string, std::size_t>>
      claimed_;            ///< a host at a door: the first server that names it counts
  bool any_host_ = false;  ///< there are routes without a host
};

}  // namespace tidegate::nginx
