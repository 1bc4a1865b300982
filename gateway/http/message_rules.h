#pragma once

#include <optional>
#include <string_view>

#include "gateway/base/reason.h"
#include "gateway/http/head.h"

namespace tidegate::http {

/// The parts of a request's target.
struct SplitTarget {
  std::string_view authority;  ///< of absolute-form; else empty
  /// Of origin-form the whole, of absolute-form what follows the authority ("/" or "*" where nothing does).
  /// It begins with '?' where absolute-form has a query right behind its authority: "/" is to go before it.
  std::string_view path;
};

/// RFC 9112 §3.2: origin-form, absolute-form with http or https, `*` with OPTIONS; nothing for anything else.
std::optional<SplitTarget> split_target(std::string_view method, std::string_view target);

/// The rules for fields of a request whose line has been read (method, authority of absolute-form,
/// minor_version and fields are set); fills in the rest of the head. Reason::none: it keeps them all.
Reason apply_request_rules(RequestHead& head);

/// The same for a response (status, minor_version and fields are set). The framing is that of an answer to
/// anything but HEAD. Answers Reason::upstream_bad_response or Reason::none.
Reason apply_response_rules(ResponseHead& head);
/// Turns it into the answer to HEAD: no body, so that its end needs no close.
void apply_head_request(ResponseHead& head);

}  // namespace tidegate::http
