#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/http/forward.h"
#include "gateway/http/grammar.h"
#include "gateway/http/hop_by_hop.h"
#include "gateway/http/host.h"
#include "gateway/http/serialise.h"

namespace tidegate::http {
namespace {

constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";
constexpr std::string_view kForwardedHost = "X-Forwarded-Host";
constexpr std::string_view kRealIp = "X-Real-IP";

/// Fields that are never passed on as they came: we write them ourselves, or nobody does. `Proxy` would
/// become the variable HTTP_PROXY in a CGI ("httpoxy").
bool is_ours(std::string_view name) {
  constexpr std::string_view kOurs[] = {"Host",          "Content-Length", "Proxy", kForwardedFor,
                                        kForwardedProto, kForwardedHost,   kRealIp};
  for (std::string_view ours : kOurs) {
    if (iequals(name, ours)) return true;
  }
  return is_hop_by_hop(name);
}

class RequestWriter {
 public:
  RequestWriter(std::string& out, const RequestHead& head, const RequestContext& context)
      : out_(out), head_(head), context_(context), options_(head), rules_(context.rules) {}

  void write() {
    out_.reserve(out_.size() + head_.storage.size() + 512);
    write_request_line();
    write_host();
    for (const Field& field : head_.fields) {
      if (passes(field.name)) append_field(out_, field.name, field.value);
    }
    write_identity();
    rules_.append_set(out_, "Host");
    write_framing();
    write_connection();
    out_ += "\r\n";
  }

 private:
  void write_request_line() {
    out_ += head_.method;
    out_ += ' ';
    append_target(out_, context_.path);
    out_ += " HTTP/1.1\r\n";
  }

  /// A rule may set Host, but none can do without one (RFC 9112 §3.2).
  void write_host() {
    const std::string* set = rules_.set_value("Host");
    const std::string_view sent = head_.authority.empty() ? context_.upstream_host : head_.authority;
    append_made_field(out_, "Host", set == nullptr ? sent : std::string_view(*set));
  }

  /// Does a field of the client's reach the upstream as it came?
  bool passes(std::string_view name) const {
    if (is_ours(name) || rules_.touches(name)) return false;
    if (name.find('_') != std::string_view::npos && !passes_with_underscore(name)) return false;
    if (iequals(name, "Forwarded") && !context_.peer_trusted) return false;
    if (iequals(name, "Expect")) return head_.expect_continue;
    return !is_nominable(name) || !options_.nominates(name);
  }

  /// Many an application sees X_Real_IP and X-Real-IP as one name, so that what is ours is so in both
  /// spellings.
  bool passes_with_underscore(std::string_view name) const {
    if (!context_.allow_underscores) return false;
    std::string dashed(name);
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    return !is_ours(dashed) && (context_.peer_trusted || !iequals(dashed, "Forwarded"));
  }

  void write_identity() {
    write_ours(kForwardedFor, forwarded_for());
    write_ours(kForwardedProto, forwarded_proto());
    write_ours(kForwardedHost, forwarded_host());
    write_ours(kRealIp, context_.client_address);
  }

  void write_ours(std::string_view name, std::string_view value) {
    if (!value.empty() && !rules_.touches(name)) append_field(out_, name, value);
  }

  std::string forwarded_for() const {
    std::string list;
    const auto append = [&list](std::string_view address) {
      if (address.empty()) return;
      if (!list.empty()) list += ", ";
      list += address;
    };
    if (!context_.peer_trusted) {
      append(context_.client_address);
      return list;
    }
    for (const Field& field : head_.fields) {
      if (iequals(field.name, kForwardedFor)) append(field.value);
    }
    append(context_.peer_address);
    return list;
  }

  /// A trusted proxy's word counts if it is one word.
  std::string_view forwarded_proto() const {
    const std::string_view sent = head_.value(kForwardedProto);
    const bool kept = context_.peer_trusted && head_.count(kForwardedProto) == 1 && !sent.empty() &&
                      span_of(sent, kTokenChar) == sent.size();
    return kept ? sent : context_.scheme;
  }

  std::string_view forwarded_host() const {
    const std::string_view sent = head_.value(kForwardedHost);
    const bool kept = context_.peer_trusted && head_.count(kForwardedHost) == 1 && parse_host(sent);
    return kept ? sent : head_.authority;
  }

  void write_framing() {
    switch (head_.framing) {
      case Framing::chunked:
        append_field(out_, "Transfer-Encoding", "chunked");
        break;
      case Framing::length:
        out_ += "Content-Length: ";
        append_number(out_, head_.content_length);
        out_ += "\r\n";
        break;
      case Framing::none:
      case Framing::until_close:
        break;  // a request has no body then (RFC 9112 §6.3)
    }
  }

  void write_connection() {
    if (head_.upgrade == Upgrade::websocket) {
      out_ += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    } else if (head_.te_trailers) {
      out_ += "Connection: TE\r\nTE: trailers\r\n";
    }
  }

  std::string& out_;
  const RequestHead& head_;
  const RequestContext& context_;
  ConnectionOptions options_;
  AppliedRules rules_;
};

}  // namespace

void append_request(std::string& out, const RequestHead& head, const RequestContext& context) {
  RequestWriter(out, head, context).write();
}

bool is_idempotent(std::string_view method) {
  for (std::string_view known : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    if (method == known) return true;
  }
  return false;
}

}  // namespace tidegate::http
