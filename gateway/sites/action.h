#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/base/reason.h"
#include "gateway/sites/file.h"

namespace tidegate::sites {

/// An answer of the gateway's own.
struct Answer {
  int status = 200;
  /// Nothing: the status's own page (from 300 on), or an empty body.
  std::optional<std::string> body{};
  std::string content_type = "text/plain";
  std::vector<std::pair<std::string_view, std::string>> fields{};  ///< Location, WWW-Authenticate ...
  Reason reason = Reason::none;  ///< why it is no success; none: as configured
};

/// The request goes to an upstream, as Walk::outgoing() says.
struct PassOn {};

/// A file, or a part of it, is the answer (ngx_http_static_module).
struct SendFile {
  int status = 200;                 ///< 200, 206, 304, 412 or 416; or what error_page makes of it
  File file;                        ///< open; empty with 304, 412 and 416
  std::vector<ByteRange> ranges{};  ///< empty: all of it; more than one: multipart/byteranges
  std::string content_type{};
  std::vector<std::pair<std::string_view, std::string>> fields{};  ///< Last-Modified, ETag, Accept-Ranges ...
};

/// auth_request: a subrequest for `uri` (GET, the client's fields, no body); Walk::authorised() hears the
/// answer.
struct Ask {
  std::string uri;
};

/// limit_req: the request waits, then Walk::resume().
struct Wait {
  std::chrono::milliseconds time;
};

/// return 444 (408 and 499 likewise): the connection is closed without a word.
struct Hangup {
  int status = 444;  ///< for the log
};

/// stub_status: an answer whose body is status_text() of the process' counts, text/plain.
struct TellCounts {
  int status = 200;
};

using Action = std::variant<Answer, PassOn, SendFile, Ask, Wait, Hangup, TellCounts>;

}  // namespace tidegate::sites
