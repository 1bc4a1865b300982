#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "gateway/sites/expression.h"
#include "gateway/sites/location_tree.h"
#include "gateway/sites/pattern.h"
#include "gateway/sites/referers.h"
#include "gateway/sites/script.h"
#include "gateway/sites/server_names.h"
#include "gateway/sites/site_table.h"
#include "gateway/sites/variable_table.h"

namespace tidegate::sites {

/// proxy_redirect, proxy_cookie_domain, proxy_cookie_path: `from` or `pattern` says what becomes `to`.
struct ReplaceRule {
  Expression from{};
  std::optional<Pattern> pattern{};
  Expression to{};
};

struct CookieFlagsPart {
  const conf::CookieFlags* conf = nullptr;
  Expression name{};
  std::optional<Pattern> pattern{};
};

struct ProxyPart {
  const conf::ProxyPass* conf = nullptr;
  Expression target{};
  std::optional<Expression> uri{};
  std::vector<std::pair<std::string, Expression>> fields{};  ///< nginx's defaults among them
  std::optional<Expression> body{};
  Expression method{};
  Expression bind{};
  Expression tls_name{};
  std::vector<ReplaceRule> redirects{};
  std::vector<ReplaceRule> cookie_domains{};
  std::vector<ReplaceRule> cookie_paths{};
  std::vector<CookieFlagsPart> cookie_flags{};
};

/// A conf::Location with its texts compiled; what has no variables stays there.
struct LocationPart {
  const conf::Location* conf = nullptr;
  std::size_t index = 0;
  std::string name{};  ///< the path, also of the locations inside that have none of their own
  bool by_regex = false;
  Program script{};
  Expression root{};
  std::vector<Expression> index_files{};
  std::vector<Expression> candidates{};
  Expression fallback{};
  Expression realm{};
  Expression user_file{};
  Expression ask{};
  std::vector<std::pair<std::uint32_t, Expression>> ask_set{};
  std::vector<Expression> added_fields{};  ///< as conf's
  Expression expires{};
  std::vector<Expression> error_pages{};     ///< as conf's
  std::vector<Expression> log_conditions{};  ///< as conf's access_logs
  std::optional<RefererTable> referers{};
  std::optional<ProxyPart> proxy{};
};

struct ServerPart {
  const conf::VirtualServer* conf = nullptr;
  std::size_t index = 0;
  std::vector<LocationPart> locations{};  ///< as conf's
  LocationTree tree{};
};

struct LogFormatPart {
  conf::LogFormat::Escape escape = conf::LogFormat::Escape::standard;
  Expression text{};
};

struct SiteTable::Impl {
  const conf::Config* config = nullptr;
  const conf::Sites* sites = nullptr;
  VariableTable variables;
  std::vector<ServerPart> servers;
  std::vector<ServerNames> names;  ///< as conf::Sites::by_listener
  std::unordered_map<std::string, Expression> zone_keys;
  std::unordered_map<std::string, LogFormatPart> log_formats;
  std::unordered_map<std::string, Expression> hash_keys;  ///< of upstreams
};

/// The compiled form of one server's locations.
ServerPart compile_server(const conf::VirtualServer& server, std::size_t index, VariableTable& variables,
                          Diagnostics& diagnostics);
/// map, geo and split_clients become variables.
void compile_computed(const conf::Sites& sites, VariableTable& variables, Diagnostics& diagnostics);

}  // namespace tidegate::sites
