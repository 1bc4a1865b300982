#include "nginx-compat/settings.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>

namespace tidegate::nginx {
namespace {

using L = LocationSettings;
using S = ServerSettings;

constexpr auto kOfLocation = std::tuple(
    &L::root, &L::index, &L::types, &L::default_type, &L::etag, &L::if_modified_since, &L::max_ranges,
    &L::follow_symlinks, &L::charset, &L::log_not_found, &L::error_pages, &L::recursive_error_pages,
    &L::absolute_redirect, &L::server_name_in_redirect, &L::port_in_redirect, &L::server_tokens, &L::chunked,
    &L::keepalive_timeout, &L::keepalive_requests, &L::max_body_bytes, &L::body_timeout, &L::send_timeout,
    &L::added_fields, &L::expires, &L::access_logs, &L::satisfy_any, &L::access_rules, &L::realm,
    &L::user_file, &L::auth_request, &L::auth_request_set, &L::request_limits, &L::connection_limits,
    &L::request_limit_status, &L::connection_limit_status, &L::request_limit_dry_run,
    &L::connection_limit_dry_run, &L::real_ip_from, &L::real_ip_header, &L::real_ip_recursive,
    &L::valid_referers, &L::proxy_connect_timeout, &L::proxy_send_timeout, &L::proxy_read_timeout,
    &L::proxy_fields, &L::pass_fields, &L::pass_body, &L::buffer_body, &L::proxy_body, &L::proxy_method,
    &L::proxy_minor_version, &L::hide_fields, &L::show_fields, &L::intercept_errors, &L::ignore_client_abort,
    &L::redirects, &L::cookie_domains, &L::cookie_paths, &L::cookie_flags, &L::next, &L::next_tries,
    &L::next_timeout, &L::proxy_bind, &L::ignore_accel_redirect, &L::proxy_ssl_name,
    &L::proxy_ssl_server_name, &L::proxy_ssl_verify, &L::proxy_ssl_trusted, &L::proxy_ssl_certificate,
    &L::proxy_ssl_key, &L::proxy_ssl_crl, &L::proxy_ssl_depth, &L::proxy_ssl_protocols, &L::proxy_ssl_ciphers,
    &L::proxy_ssl_reuse);

constexpr auto kOfServer =
    std::tuple(&S::header_timeout, &S::header_buffer, &S::large_header_buffers, &S::merge_slashes,
               &S::underscores_in_headers, &S::ignore_invalid_headers, &S::ssl, &S::certificates, &S::keys,
               &S::protocols, &S::ciphers, &S::prefer_server_ciphers, &S::verify_client,
               &S::client_certificate, &S::trusted_certificate, &S::crl, &S::verify_depth, &S::dh_parameters,
               &S::groups, &S::session_timeout, &S::session_tickets, &S::stapling, &S::stapled_response,
               &S::reject_handshake, &S::commands, &S::key_passwords);

/// What a copy of a text takes, beyond the element that it is.
std::size_t weight(std::string_view text) {
  return text.size() / 64;
}
std::size_t weight(const conf::Text& text) {
  return weight(text.value);
}
std::size_t weight(const conf::RedirectRule& rule) {
  return weight(rule.from) + weight(rule.to);
}
std::size_t weight(const conf::CookieFlags& rule) {
  return weight(rule.name) + rule.flags.size();
}
std::size_t weight(const conf::AddedField& field) {
  return weight(field.name) + weight(field.value);
}
std::size_t weight(const conf::ErrorPage& page) {
  return weight(page.target) + page.statuses.size() / 16;
}
std::size_t weight(const conf::AccessLog& log) {
  return weight(log.path) + weight(log.condition);
}
std::size_t weight(const std::optional<conf::Expires>& expires) {
  return expires ? weight(expires->from) : 0;
}
std::size_t weight(const Root& root) {
  return weight(root.path);
}
std::size_t weight(const std::pair<std::string, Text>& pair) {
  return weight(pair.first) + weight(pair.second);
}
template <typename T>
std::size_t weight(const T&) {
  return 0;
}
std::size_t weight(const std::string& text) {
  return weight(std::string_view(text));
}

template <typename T>
std::size_t elements(const T& value) {
  return weight(value);
}
template <typename T>
std::size_t elements(const std::vector<T>& list) {
  std::size_t sum = list.size();
  for (const T& each : list) sum += weight(each);
  return sum;
}
std::size_t elements(const Redirects& redirects) {
  return elements(redirects.rules);
}
std::size_t elements(const conf::NextServer& next) {
  return next.on_status.size() / 16;
}
std::size_t elements(const ValidReferers& valid) {
  std::size_t sum = valid.referers.names.size();
  for (const auto& each : valid.referers.names) sum += weight(each.host.name) + weight(each.path);
  return sum;
}

template <typename T>
std::size_t take(Set<T>& own, const Set<T>& around) {
  if (own || !around) return 0;
  own = around;
  return elements(*own);
}

/// ngx_http_referer_merge_conf: a block that names hosts of its own still has the regexes of the block around
/// it, the server's and the others each where it has none.
std::size_t inherit_regexes(ValidReferers& own, const ValidReferers& around) {
  own.server_regexes |= around.server_names || around.server_regexes;
  const auto is_regex = [](const conf::Referers::Name& name) { return name.host.regex; };
  std::vector<conf::Referers::Name>& names = own.referers.names;
  if (std::any_of(names.begin(), names.end(), is_regex)) return 0;
  const std::size_t before = names.size();
  const auto& theirs = around.referers.names;
  std::copy_if(theirs.begin(), theirs.end(), std::back_inserter(names), is_regex);
  return names.size() - before;
}

}  // namespace

std::size_t inherit(LocationSettings& own, const LocationSettings& around) {
  std::size_t regexes = 0;
  if (own.valid_referers && around.valid_referers)
    regexes = inherit_regexes(*own.valid_referers, *around.valid_referers);
  return regexes +
         std::apply([&](auto... member) { return (take(own.*member, around.*member) + ...); }, kOfLocation);
}

std::size_t inherit(ServerSettings& own, const ServerSettings& around) {
  return std::apply([&](auto... member) { return (take(own.*member, around.*member) + ...); }, kOfServer);
}

}  // namespace tidegate::nginx
