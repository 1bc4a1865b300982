#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "gateway/base/diagnostic.h"
#include "gateway/routing/regex.h"
#include "gateway/sites/host_table.h"

namespace tidegate::sites {

/// valid_referers, compiled (ngx_http_referer_module). Immutable; the conf must outlive it.
class RefererTable {
 public:
  /// Complains of regexes that do not compile.
  RefererTable(const conf::Referers& conf, Diagnostics& diagnostics);

  enum class Verdict { valid, invalid, gave_up };
  /// What $invalid_referer is about; `referer` is null where the request has none. `gave_up`: a regex came to
  /// its limits.
  Verdict judge(const std::string_view* referer) const;

 private:
  void add_regex(const conf::Referers::Name& name, Diagnostics& diagnostics);
  Verdict judge_url(std::string_view behind_scheme) const;

  const conf::Referers* conf_;
  HostTable hosts_;  ///< to an index of conf_'s names
  /// Those of a server's name see the host alone.
  std::vector<std::pair<std::unique_ptr<routing::Regex>, bool>> regexes_;
};

}  // namespace tidegate::sites
