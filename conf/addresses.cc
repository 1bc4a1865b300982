#include "conf/addresses.h"

#include <algorithm>

#include "conf/names.h"
#include "gateway/base/ip.h"
#include "gateway/base/text.h"

namespace tidegate::conf {
namespace {

bool fail(std::string& problem, std::string text) {
  problem = std::move(text);
  return false;
}

bool is_alphanumeric(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/// Labels of letters, digits, "-" and "_" with dots between; at most 253 bytes, 63 each (RFC 1035 §2.3.4).
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if ((!is_alphanumeric(c) && c != '-' && c != '_') || ++label > 63) {
      return false;
    }
  }
  return label > 0;
}

/// Only digits and dots, so that it is meant as an IPv4 address whether it is one or not.
bool looks_like_ipv4(std::string_view host) {
  return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos && IpAddress::parse(text).has_value();
}

bool parse_port(std::string_view text, std::uint16_t& out) {
  const auto value = parse_decimal(text);
  if (!value || *value > 65535) return false;
  out = static_cast<std::uint16_t>(*value);
  return true;
}

/// A host and what follows its colon. Brackets of an IPv6 address are taken off.
struct HostPort {
  std::string_view host;
  std::string_view port;
  bool has_port = false;
  bool bracketed = false;
};

bool split(std::string_view text, HostPort& out) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    out.host = text.substr(1, close - 1);
    out.bracketed = true;
    text.remove_prefix(close + 1);
    if (text.empty()) return true;
    if (text[0] != ':') return false;
    out.has_port = true;
    out.port = text.substr(1);
    return true;
  }
  const std::size_t colon = text.find(':');
  out.host = text.substr(0, colon);
  if (colon == std::string_view::npos) return true;
  out.has_port = true;
  out.port = text.substr(colon + 1);
  return true;
}

bool parse_unix_path(std::string_view text, std::string& out, std::string& problem) {
  out = text.substr(5);
  if (out.empty()) return fail(problem, "\"unix:\" without a path; write unix:/run/app.sock");
  return true;
}

constexpr std::string_view kListenForms = "\":80\", \"127.0.0.1:80\", \"[::]:80\" or \"unix:/path\"";

std::string server_example(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  return "http://" + std::string(authority.empty() ? "localhost:3000" : authority);
}

bool parse_authority(std::string_view authority, Server& out, std::string& problem) {
  HostPort parts;
  if (!split(authority, parts)) {
    return fail(problem, in_quotes(out.text) + " has a bracket that is not closed; write http://[::1]:3000");
  }
  if (parts.bracketed
          ? !is_ipv6(parts.host)
          : !(looks_like_ipv4(parts.host) ? IpAddress::parse(parts.host).has_value() : is_name(parts.host))) {
    if (parts.has_port && parts.port.find(':') != std::string_view::npos) {
      return fail(problem,
                  in_quotes(out.text) + " has an IPv6 address without brackets; write http://[::1]:3000");
    }
    return fail(problem, in_quotes(parts.host) +
                             " is not a host; write a name, an IPv4 address or an IPv6 address in "
                             "brackets");
  }
  out.host = to_lower(parts.host);
  out.port = out.scheme == Server::Scheme::https ? 443 : 80;
  if (!parts.has_port) return true;
  if (!parts.bracketed && parts.port.find(':') != std::string_view::npos) {
    return fail(problem,
                in_quotes(out.text) + " has an IPv6 address without brackets; write http://[::1]:3000");
  }
  if (!parse_port(parts.port, out.port) || out.port == 0) {
    return fail(problem, in_quotes(parts.port) + " is not a port; write a number from 1 to 65535");
  }
  return true;
}

}  // namespace

bool parse_listen_address(std::string_view text, ListenAddress& out, std::string& problem) {
  out.text = text;
  if (text.starts_with("unix:")) return parse_unix_path(text, out.unix_path, problem);
  HostPort parts;
  if (!text.empty() && parse_decimal(text)) {
    return fail(problem, in_quotes(text) + " has no colon; write \":" + std::string(text) + "\"");
  }
  if (is_ipv6(text)) {
    return fail(problem,
                in_quotes(text) + " is an IPv6 address without brackets and port; write \"[::1]:80\"");
  }
  if (!split(text, parts) || !parts.has_port) {
    return fail(problem,
                in_quotes(text) + " is not an address and a port; write " + std::string(kListenForms));
  }
  if (!parts.bracketed && parts.host == "*") {
    return fail(problem, in_quotes(text) + " is not an address; write \":" + std::string(parts.port) +
                             "\" for every address");
  }
  const auto address = IpAddress::parse(parts.host);
  const bool any = parts.host.empty() && !parts.bracketed;
  if (!parts.bracketed && parts.port.find(':') != std::string_view::npos) {
    return fail(problem, in_quotes(text) + " is an IPv6 address without brackets; write \"[::1]:80\"");
  }
  if (!any && (!address || parts.bracketed != is_ipv6(parts.host))) {
    const bool name = !parts.bracketed && !looks_like_ipv4(parts.host) && is_name(parts.host);
    return fail(problem,
                name ? in_quotes(parts.host) + " is a host name; write the address to listen on, such as " +
                           std::string(kListenForms)
                     : in_quotes(parts.host) + " is not an IP address; write " + std::string(kListenForms));
  }
  if (!parse_port(parts.port, out.port)) {
    return fail(problem, in_quotes(parts.port) + " is not a port; write a number from 0 to 65535");
  }
  out.host = address ? address->to_string() : "";
  return true;
}

bool parse_server_url(std::string_view text, Server& out, std::string& problem) {
  out.text = text;
  if (text.starts_with("unix:")) return parse_unix_path(text, out.unix_path, problem);
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) {
    return fail(problem, in_quotes(text) + " has no scheme; write " + server_example(text));
  }
  const std::string scheme = to_lower(text.substr(0, mark));
  std::string_view rest = text.substr(mark + 3);
  if (scheme == "ws" || scheme == "wss") {
    return fail(problem, in_quotes(text) + " names WebSocket's scheme; write " +
                             (scheme == "ws" ? "http" : "https") + "://, which carries HTTP and WebSocket");
  }
  if (scheme != "http" && scheme != "https") {
    return fail(problem, in_quotes(text) +
                             " has a scheme that is not spoken here; write http://, https:// or unix:/path");
  }
  out.scheme = scheme == "https" ? Server::Scheme::https : Server::Scheme::http;
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  if (rest.substr(0, end).find('@') != std::string_view::npos) {
    return fail(problem,
                "a server's URL holds no user or password; set Authorization in the route's request_headers");
  }
  if (end < rest.size() && rest[end] == '/') {
    return fail(problem, in_quotes(text) +
                             " has a path; remove it (the path of a request goes through as it came, or "
                             "is changed by the route's rewrite)");
  }
  if (end < rest.size()) {
    return fail(problem, in_quotes(text) + " has a query or fragment; remove it (a request keeps its own)");
  }
  return parse_authority(rest, out, problem);
}

bool parse_host_pattern(std::string_view text, std::string& out, std::string& problem) {
  out = to_lower(text);
  if (text.find("://") != std::string_view::npos) {
    return fail(problem, in_quotes(text) + " is an URL; write the host alone");
  }
  if (text == "*" || text == "_") {
    return fail(problem, in_quotes(text) + " is not a host; leave \"host\" out to match every host");
  }
  if (text.starts_with('.')) {
    return fail(problem, in_quotes(text) + " begins with a dot; write [\"" + std::string(text.substr(1)) +
                             "\", \"*" + std::string(text) + "\"]");
  }
  if (text.starts_with('[')) {
    if (text.ends_with(']') && is_ipv6(text.substr(1, text.size() - 2))) return true;
    return fail(problem,
                in_quotes(text) + " is not an IPv6 address in brackets without a port; write \"[::1]\"");
  }
  if (is_ipv6(text))
    return fail(problem, in_quotes(text) + " lacks brackets; write \"[" + std::string(text) + "]\"");
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return fail(problem, in_quotes(text) + " is not ASCII; write its xn-- form, which is what clients send");
  }
  if (text.find(':') != std::string_view::npos) {
    return fail(problem, in_quotes(text) + " has a port; write the host alone, it matches with any port");
  }
  if (text.ends_with('.')) return fail(problem, in_quotes(text) + " ends with a dot; remove the dot");
  const std::string_view name = std::string_view(out).substr(text.starts_with("*.") ? 2 : 0);
  if (name.find('*') != std::string_view::npos) {
    return fail(problem,
                in_quotes(text) + " has a \"*\" that is not the whole first label; write \"*.example.com\"");
  }
  if (!is_name(name))
    return fail(problem, in_quotes(text) + " is not a host; write a name such as example.com");
  return true;
}

bool check_origin(std::string_view text, std::string& problem) {
  if (text == "null") return true;
  const std::size_t mark = text.find("://");
  if (text == "*")
    return fail(problem, "\"*\" is not an origin; leave \"origins\" out to allow every origin");
  if (mark == std::string_view::npos || mark == 0) {
    return fail(problem,
                in_quotes(text) + " has no scheme; write https://" + std::string(text.substr(0, 64)));
  }
  const std::string_view rest = text.substr(mark + 3);
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return fail(problem, in_quotes(text) +
                             " has a path; write scheme, host and port alone, such as https://example.com");
  }
  HostPort parts;
  std::uint16_t port = 0;
  const bool split_well = split(rest, parts);
  const std::string_view name = parts.host.substr(parts.host.starts_with("*.") ? 2 : 0);
  if (!split_well || (parts.bracketed ? !is_ipv6(parts.host) : !is_name(name)) ||
      (parts.has_port && !parse_port(parts.port, port))) {
    return fail(problem, in_quotes(text) +
                             " is not an origin; write https://example.com, https://example.com:8443 or "
                             "\"https://*.example.com\"");
  }
  return true;
}

}  // namespace tidegate::conf
