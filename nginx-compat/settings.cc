#include "nginx-compat/settings.h"

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
    &L::proxy_connect_timeout, &L::proxy_send_timeout, &L::proxy_read_timeout, &L::proxy_fields,
    &L::pass_fields, &L::pass_body, &L::buffer_body, &L::proxy_body, &L::proxy_method,
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

template <typename T>
std::size_t elements(const T&) {
  return 0;
}
template <typename T>
std::size_t elements(const std::vector<T>& list) {
  return list.size();
}

template <typename T>
std::size_t take(Set<T>& own, const Set<T>& around) {
  if (own || !around) return 0;
  own = around;
  return elements(*own);
}

}  // namespace

std::size_t inherit(LocationSettings& own, const LocationSettings& around) {
  return std::apply([&](auto... member) { return (take(own.*member, around.*member) + ...); }, kOfLocation);
}

void inherit(ServerSettings& own, const ServerSettings& around) {
  std::apply([&](auto... member) { (take(own.*member, around.*member), ...); }, kOfServer);
}

}  // namespace tidegate::nginx
