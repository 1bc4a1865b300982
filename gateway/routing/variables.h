#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/diagnostic.h"
#include "gateway/http/head.h"

namespace tidegate::routing {

/// What a request is, for routes and for variables. Views that live as long as the request.
struct RequestView {
  const http::RequestHead* head = nullptr;
  std::string_view uri;          ///< $uri, normalised (see normalize_path)
  std::string_view args;         ///< $args, without "?"
  std::string_view scheme;       ///< $scheme of this connection: http or https
  std::string_view remote_addr;  ///< the client, behind trusted proxies
  std::string_view realip_remote_addr;  ///< always the peer
  std::uint16_t remote_port = 0;
  std::uint16_t server_port = 0;
  std::string_view listener;     ///< its name
  std::string_view ssl_protocol; ///< empty on plain connections; likewise the two below
  std::string_view ssl_cipher;
  std::string_view ssl_server_name;
  std::string_view uri_rest;     ///< what follows the matched prefix, from the path as sent without the query
  std::string_view request_id;   ///< 32 hex digits
};

/// A value with request variables in it ("https://$host$request_uri", "${arg_x}"), compiled once.
class Template {
 public:
  /// An unknown variable is an error that names its nearest neighbour. "$$" is not an escape in nginx; a "$" that
  /// no name follows is an error.
  static Template compile(const std::string& text, const Position& at, Diagnostics& diagnostics);
  Template() = default;
  std::string evaluate(const RequestView& request) const;
  bool constant() const;  ///< has no variable
  bool empty() const;

 private:
  // The implementer chooses.
};

/// $arg_NAME's value as sent (not decoded); empty if there is none.
std::string_view argument(std::string_view args, std::string_view name);
/// $cookie_NAME's value from all Cookie fields; empty if there is none.
std::string_view cookie(const http::RequestHead& head, std::string_view name);

}  // namespace tidegate::routing
