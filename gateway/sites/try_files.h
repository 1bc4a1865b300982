#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "conf/sites.h"
#include "gateway/sites/place.h"
#include "gateway/sites/subject.h"

namespace tidegate::sites {

/// One of the candidates is there: the content phase goes on with this $uri.
struct GoOn {
  std::string uri;
  bool uri_behind_alias = false;  ///< becomes Place::uri_behind_alias
};
/// The last resort: an internal redirect. `uri` is "@name", or a URI whose arguments are in `args`.
struct FallBack {
  std::string uri;
  std::string args;
};
/// `=404`.
struct GiveUp {
  int status = 404;
};
using TryOutcome = std::variant<GoOn, FallBack, GiveUp>;

/// try_files (ngx_http_try_files_module), of a location whose FileRules have candidates. It runs before the
/// content phase of any kind, proxy_pass too. `evaluate(n)` gives the value of the nth candidate (with its
/// last "/", where it has one), and of the fallback for n = candidates.size(); it is called for those that
/// are needed only.
TryOutcome try_files(const conf::FileRules& rules, const Place& place, std::string_view uri,
                     const std::function<std::string(std::size_t)>& evaluate, const Subject& subject);

}  // namespace tidegate::sites
