#include "gateway/base/text.h"
#include "gateway/http/body.h"
#include "gateway/http/forward.h"
#include "gateway/http/hop_by_hop.h"
#include "gateway/http/serialise.h"

namespace tidegate::http {
namespace {

class ResponseWriter {
 public:
  ResponseWriter(std::string& out, const ResponseHead& head, const ResponseContext& context)
      : out_(out),
        head_(head),
        context_(context),
        options_(head),
        // Rules are for answers; a 1xx that precedes one is relayed as it is.
        rules_(interim() ? nullptr : context.rules) {}

  void write() {
    out_.reserve(out_.size() + head_.storage.size() + 512);
    const bool own = context_.status == 0 || context_.status == head_.status;
    append_status_line(out_, own ? head_.status : context_.status,
                       own ? head_.phrase : reason_phrase(context_.status));
    for (const Field& field : head_.fields) {
      if (passes(field.name)) append_field(out_, field.name, field.value);
    }
    rules_.append_set(out_);
    if (!interim()) {
      if (!context_.set_cookie.empty()) append_made_field(out_, "Set-Cookie", context_.set_cookie);
      write_framing();
      write_connection();
    }
    out_ += "\r\n";
  }

 private:
  bool interim() const { return head_.informational() && head_.status != 101; }

  bool passes(std::string_view name) const {
    if (is_hop_by_hop(name) || iequals(name, "Content-Length") || rules_.touches(name)) return false;
    return !is_nominable(name) || !options_.nominates(name);
  }

  void write_framing() {
    switch (context_.framing) {
      case Framing::chunked:
        append_field(out_, "Transfer-Encoding", "chunked");
        break;
      case Framing::length:
        write_length();
        break;
      case Framing::none:
        // RFC 9110 §8.6: there it says what GET would have brought; 1xx and 204 never have one.
        if ((context_.head_request || head_.status == 304) && !bodiless()) write_length();
        break;
      case Framing::until_close:
        break;
    }
  }

  bool bodiless() const { return head_.informational() || head_.status == 204; }

  void write_length() {
    const std::string_view length = head_.value("Content-Length");
    if (!length.empty()) append_field(out_, "Content-Length", length);
  }

  void write_connection() {
    if (head_.status == 101) {
      out_ += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    } else if (!context_.keep_alive || context_.framing == Framing::until_close) {
      append_field(out_, "Connection", "close");
    } else if (context_.client_minor_version == 0) {
      append_field(out_, "Connection", "keep-alive");
    }
  }

  std::string& out_;
  const ResponseHead& head_;
  const ResponseContext& context_;
  ConnectionOptions options_;
  AppliedRules rules_;
};

/// RFC 9110 §6.5.1: fields that mean something before the body only. Framing, routing, identity,
/// authentication, what says how to treat the answer.
bool may_trail(std::string_view name) {
  constexpr std::string_view kNever[] = {"Age",
                                         "Authorization",
                                         "Cache-Control",
                                         "Content-Encoding",
                                         "Content-Length",
                                         "Content-Range",
                                         "Content-Type",
                                         "Cookie",
                                         "Date",
                                         "Expect",
                                         "Expires",
                                         "Forwarded",
                                         "Host",
                                         "Location",
                                         "Max-Forwards",
                                         "Pragma",
                                         "Proxy",
                                         "Range",
                                         "Retry-After",
                                         "Set-Cookie",
                                         "TE",
                                         "Vary",
                                         "Via",
                                         "Warning",
                                         "WWW-Authenticate",
                                         "X-Real-IP",
                                         "Proxy-Authenticate",
                                         "Proxy-Authorization"};
  constexpr std::string_view kNeverPrefixes[] = {"If-", "X-Forwarded-", "Sec-WebSocket-", "X-Accel-"};
  for (std::string_view never : kNever) {
    if (iequals(name, never)) return false;
  }
  for (std::string_view prefix : kNeverPrefixes) {
    if (iequals(name.substr(0, prefix.size()), prefix)) return false;
  }
  return !is_hop_by_hop(name);
}

}  // namespace

Framing client_framing(const ResponseHead& head, int client_minor_version) {
  switch (head.framing) {
    case Framing::none:
      return Framing::none;
    case Framing::length:
      return Framing::length;
    case Framing::chunked:
    case Framing::until_close:
      return client_minor_version == 0 ? Framing::until_close : Framing::chunked;
  }
  return head.framing;
}

void append_response(std::string& out, const ResponseHead& head, const ResponseContext& context) {
  ResponseWriter(out, head, context).write();
}

void append_trailers(std::string& out, const std::vector<std::pair<std::string, std::string>>& trailers) {
  out += "0\r\n";
  for (const auto& [name, value] : trailers) {
    if (may_trail(name)) append_field(out, name, value);
  }
  out += "\r\n";
}

}  // namespace tidegate::http
