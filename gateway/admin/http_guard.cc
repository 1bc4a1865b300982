#include "gateway/admin/http_guard.h"

#include "gateway/base/ip.h"
#include "gateway/base/text.h"

namespace tidegate::admin {
namespace {

/// A literal loopback address may be any: who rebinds a name needs a name.
bool names_this_machine(std::string_view host) {
  if (host == "localhost") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  static const Cidr v4 = *Cidr::parse("127.0.0.0/8");
  static const Cidr v6 = *Cidr::parse("::1");
  const auto ip = IpAddress::parse(host);
  return ip && (v4.contains(*ip) || v6.contains(*ip));
}

/// Browsers leave Origin out of a page's own GETs, or send what the page was loaded from.
bool is_from_elsewhere(const http::RequestHead& head) {
  const std::size_t origins = head.count("Origin");
  if (origins == 0) return false;
  return origins > 1 || !iequals(head.value("Origin"), "http://" + std::string(head.authority));
}

}  // namespace

std::optional<Refusal> refusal_over_tcp(const http::RequestHead& head) {
  if (!names_this_machine(head.host)) {
    return Refusal{403,
                   "the Host is not this machine; ask http://localhost, http://127.0.0.1 or http://[::1]"};
  }
  if (is_from_elsewhere(head)) {
    return Refusal{403, "the Origin is another site, which must not read this; open the dashboard itself"};
  }
  if (iequals(head.value("Sec-Fetch-Site"), "cross-site")) {
    return Refusal{403, "another site led here, which must not; type the address into the browser"};
  }
  if (head.method != "GET" && head.method != "HEAD") {
    return Refusal{405, "over TCP the admin API is read-only; send this over its unix socket"};
  }
  return std::nullopt;
}

}  // namespace tidegate::admin
