#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "nginx-compat/work.h"

namespace tidegate::nginx {

/// What nginx does at the end of `http`: resolves inheritance and puts the configuration together.
///
/// Owner: Work::run(), for the time of one call.
class Assembly {
 public:
  explicit Assembly(Work& work) : work_(work) {}
  void run();

 private:
  /// False, and a complaint the first time, where so much was copied that the file is made to be large.
  bool fits();
  void inherit_all();
  void inherit_location(LocationBlock& block, const LocationBlock& around);
  void check_locations(const ServerBlock& server);
  void find_trusted_certificate();
  void build_listeners();
  void join_wildcards();
  conf::ListenerTls tls_of(const ServerBlock& server) const;
  void add_named_tls(const Address& address, std::size_t otherwise, conf::ListenerTls& tls);
  void check_server_tls(const ServerBlock& server);
  void check_names(const Address& address);
  bool is_tls(const Address& address) const;
  void check_tls(const Address& address);
  void build_servers();
  conf::Location location_of(const ServerBlock& server, const LocationBlock& block);
  static conf::RealIp real_ip_of(const LocationSettings& settings);
  conf::Referers referers_of(const ServerBlock& server, const LocationBlock& block);
  void fill_admission(const LocationSettings& settings, conf::Location& out);
  void fill_files(const LocationSettings& settings, conf::Location& out) const;
  void fill_answers(const LocationSettings& settings, conf::Location& out) const;
  std::optional<conf::ProxyPass> proxy_of(const LocationBlock& block);
  std::size_t route_for(const ServerBlock& server, const LocationBlock& block,
                        const conf::Location& location);
  std::string unique_name(const std::string& wanted);
  std::string title_of(const ServerBlock& server);
  const std::string& upstream_of(const LocationBlock& block, const Target& target);
  const std::string& variant_of(std::size_t index, bool https, conf::UpstreamTls tls,
                                const UpstreamBlock& from);
  conf::UpstreamTls upstream_tls_of(const LocationBlock& block, const Target& target);
  std::shared_ptr<const std::map<std::string, std::string>> upstreams_with(const conf::UpstreamTls& tls);
  void add_variants(std::size_t index, const UpstreamBlock& block);
  void check_upstreams();
  void fill_process();

  Work& work_;
  std::size_t copied_ = 0;  ///< elements of arrays that were inherited
  bool told_ = false;       ///< that it was too much
  std::unordered_set<std::string> route_names_;
  std::unordered_map<std::string, unsigned> last_numbers_;  ///< of names that were wanted more than once
  std::unordered_map<const ServerBlock*, std::string> titles_;
  std::unordered_set<std::string> server_titles_;
  /// The upstreams of the configuration that came of each block, by scheme and TLS.
  std::unordered_map<std::size_t, std::vector<std::size_t>> variants_;
  std::unordered_set<std::string> upstream_names_;
  const Directive* http_trusted_certificate_ = nullptr;  ///< `http`'s own; null: it has none
  /// What proxy_passes with variables speak where these lead to https, and ProxyPass::https_upstreams.
  struct VariableTls {
    conf::UpstreamTls tls;
    std::shared_ptr<std::map<std::string, std::string>> upstreams;
  };
  std::vector<VariableTls> variable_tls_;
};

}  // namespace tidegate::nginx
