#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/sites/compiled.h"

namespace tidegate::sites {

/// What proxy_redirect's rules make of an upstream's URL. Nothing: none fits.
std::optional<std::string> replace_redirect(std::string_view url, const std::vector<ReplaceRule>& rules,
                                            Request& request);
/// What proxy_cookie_domain, proxy_cookie_path and proxy_cookie_flags make of a Set-Cookie. Nothing: it
/// stays.
std::optional<std::string> replace_cookie(std::string_view cookie, const ProxyPart& proxy, Request& request);

}  // namespace tidegate::sites
