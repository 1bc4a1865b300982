#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/routing/variables.h"

namespace tidegate::routing {

/// A route with its templates and regex compiled. Lives as long as its table.
struct CompiledRoute {
  const conf::Route* conf = nullptr;
  std::size_t index = 0;  ///< in the configuration's list
  std::vector<std::pair<std::string, Template>> request_set;
  std::vector<std::pair<std::string, Template>> response_set;
  Template redirect_to;
  Template respond_body;
  std::vector<std::string> request_remove;
  std::vector<std::string> response_remove;
};

/// The routes of one configuration, compiled: finds the route of a request by DESIGN.md's "Which route" (hosts
/// first: exact, longest suffix, none; within them exact path, longest prefix that says before_regex, regexes in
/// file order, longest prefix; a route whose path or match does not fit is passed over). Immutable; the config
/// must outlive it. Regexes are PCRE2 with match limits; usable from any thread.
class RouteTable {
 public:
  /// Null when a regex or a template is wrong; all complaints are in `diagnostics`.
  static std::unique_ptr<RouteTable> compile(const conf::Config& config, Diagnostics& diagnostics);
  ~RouteTable();

  struct Found {
    const CompiledRoute* route = nullptr;  ///< null: no route
    std::string_view uri_rest;             ///< a part of head->path
  };
  /// `named_listener_only`: consider just routes whose match names the request's listener (they come before that
  /// listener's redirect).
  Found find(const RequestView& request, bool named_listener_only = false) const;

  const std::vector<CompiledRoute>& routes() const;

 private:
  RouteTable();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Is this Origin allowed by the list (exact, case-insensitive scheme and host, or "https://*.example.com")?
/// A request without Origin is allowed (it is not a browser's).
bool origin_allowed(const std::vector<conf::Text>& origins, std::string_view origin);

}  // namespace tidegate::routing
