#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/routing/origin.h"
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

/// The routes of one configuration, compiled: finds the route of a request (hosts first: exact, longest
/// suffix, none; within them exact path, longest prefix that says before_regex, regexes in file order,
/// longest prefix; a route whose path or match does not fit is passed over). Of routes with the same host and
/// path those with match conditions come first, each in file order. Immutable; the config must outlive it.
/// Regexes are PCRE2 with match limits; usable from any thread.
///
/// Finding costs a hash of the host and one of the path, a binary search among the host's prefixes, and one
/// match for each of its regexes; routes of other hosts cost nothing.
class RouteTable {
 public:
  /// Null when a regex or a template is wrong; all complaints are in `diagnostics`.
  static std::unique_ptr<RouteTable> compile(const conf::Config& config, Diagnostics& diagnostics);
  ~RouteTable();

  struct Found {
    const CompiledRoute* route = nullptr;  ///< null: no route
    /// What follows the matched prefix: path_rest() of head->path; empty for an exact path and a regex.
    std::string uri_rest;
  };
  /// `named_listener_only`: consider just routes whose match names the request's listener (they come before
  /// that listener's redirect).
  Found find(const RequestView& request, bool named_listener_only = false) const;

  const std::vector<CompiledRoute>& routes() const;

 private:
  RouteTable();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::routing
