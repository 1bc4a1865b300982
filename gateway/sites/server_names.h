#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "gateway/sites/host_table.h"
#include "gateway/sites/pattern.h"

namespace tidegate::sites {

/// The servers of one listener by their names. Immutable once filled.
class ServerNames {
 public:
  void add(std::size_t server, const conf::VirtualServer& conf, VariableTable& variables,
           Diagnostics& diagnostics);
  /// By name, then the first regex that fits, which leaves its captures in the request. `host` is in lower
  /// case, without port.
  std::optional<std::size_t> find(std::string_view host, Request& request) const;

 private:
  HostTable names_;
  std::vector<std::pair<Pattern, std::size_t>> regexes_;
};

}  // namespace tidegate::sites
