#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/sites.h"
#include "gateway/http/head.h"
#include "gateway/sites/file.h"

namespace tidegate::sites {

/// What conditional and range requests are held against; of an answer that would be 200.
struct Validators {
  std::string etag;                        ///< with its quotes; empty: none
  std::optional<std::int64_t> modified_s;  ///< since the epoch
  std::optional<std::uint64_t> length;     ///< of the body; none: not known before it is sent
};

/// nginx's: "modified-size", both in hex.
std::string etag_of(const File& file);

/// If-Modified-Since, If-Unmodified-Since, If-Match, If-None-Match as ngx_http_not_modified_filter_module has
/// them: 200, 304 or 412. An answer of our own (`return 200`) has no validators, and is judged all the same.
int check_conditions(const http::RequestHead& head, const Validators& validators,
                     conf::FileRules::IfModifiedSince if_modified_since);

/// Range and If-Range (ngx_http_range_header_filter_module).
struct RangeVerdict {
  bool unsatisfiable = false;       ///< 416
  std::vector<ByteRange> ranges{};  ///< empty: all of it
};
RangeVerdict check_ranges(const http::RequestHead& head, const Validators& validators,
                          std::optional<unsigned> most);

/// "bytes 0-9/100"; without a range "bytes */100".
std::string content_range(std::optional<ByteRange> range, std::uint64_t size);

}  // namespace tidegate::sites
