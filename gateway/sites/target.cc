#include <utility>

#include "gateway/base/text.h"
#include "gateway/sites/compiled.h"
#include "gateway/sites/request.h"

namespace tidegate::sites {
namespace {

/// A proxy_pass with variables, once they have values: as ngx_http_proxy_eval() reads it.
Target parse_target(std::string_view url) {
  Target out;
  const auto takes = [&url](std::string_view scheme) {
    if (!iequals(url.substr(0, scheme.size()), scheme)) return false;
    url.remove_prefix(scheme.size());
    return true;
  };
  out.https = takes("https://");
  if (!out.https && !takes("http://")) return out;
  if (iequals(url.substr(0, 5), "unix:")) {
    const std::size_t end = url.find(':', 5);
    out.host = url.substr(0, end);
    if (end != std::string_view::npos) out.uri = url.substr(end + 1);
    out.host_header = "localhost";
    out.valid = out.host.size() > 5;
    return out;
  }
  const std::string_view authority = url.substr(0, url.find_first_of("/?"));
  out.uri = url.substr(authority.size());
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  out.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) out.port = authority.substr(colon + 1);
  const auto number = parse_decimal(out.port);
  if (out.host.empty() || (colon != std::string_view::npos && (!number || *number == 0 || *number > 65535)))
    return out;
  const std::string usual = out.https ? "443" : "80";
  out.host_header = out.port.empty() || out.port == usual ? out.host : std::string(authority);
  out.proxy_port = out.port.empty() ? usual : out.port;
  out.valid = true;
  return out;
}

}  // namespace

const Target& Request::proxy_target() {
  if (target) return *target;
  const ProxyPart& proxy = *location->proxy;
  Target found;
  if (proxy.conf->upstream.empty()) {
    target.emplace();  // whoever asks for $proxy_host within the target gets nothing
    found = parse_target(proxy.target.evaluate(*this));
  } else {
    found.valid = true;
    found.https = proxy.conf->https;
    found.host_header = proxy.conf->host;
    found.proxy_port = proxy.conf->port;
  }
  return target.emplace(std::move(found));
}

}  // namespace tidegate::sites
