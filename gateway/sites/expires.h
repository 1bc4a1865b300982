#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "conf/sites.h"

namespace tidegate::sites {

/// What `expires` puts into an answer, in the place of the fields that it has.
struct Freshness {
  std::string expires;        ///< Expires
  std::string cache_control;  ///< Cache-Control
};

/// With the statuses for which add_header without `always` counts, only (see is_plain_status). `said`:
/// Expires::from, evaluated; nothing comes of "off" and of what cannot be read. `modified_s`: of the answer's
/// Last-Modified.
std::optional<Freshness> freshness(const conf::Expires& expires, std::string_view said,
                                   std::optional<std::int64_t> modified_s, std::time_t now);

/// 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308.
bool is_plain_status(int status);

/// nginx's times: "30s", "1h 30m", "1y"; a bare number is seconds.
std::optional<std::int64_t> parse_seconds(std::string_view text);

}  // namespace tidegate::sites
