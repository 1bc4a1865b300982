#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/diagnostic.h"
#include "gateway/http/head.h"

namespace tidegate::routing {

/// What a request is, for routes and for variables. Its views live as long as the request; $uri_rest is its
/// own.
struct RequestView {
  const http::RequestHead* head = nullptr;
  std::string_view uri;                 ///< $uri, normalised (see normalize_path)
  std::string_view args;                ///< $args, without "?"
  std::string_view scheme;              ///< $scheme of this connection: http or https
  std::string_view remote_addr;         ///< the client, behind trusted proxies
  std::string_view realip_remote_addr;  ///< always the peer
  std::uint16_t remote_port = 0;
  std::uint16_t server_port = 0;
  std::string_view listener;      ///< its name
  std::string_view ssl_protocol;  ///< empty on plain connections; likewise the two below
  std::string_view ssl_cipher;
  std::string_view ssl_server_name;
  std::string uri_rest;         ///< $uri_rest: RouteTable::Found's, once there is a route
  std::string_view request_id;  ///< 32 hex digits
};

/// A value with request variables in it ("https://$host$request_uri", "${arg_x}"), compiled once. Immutable;
/// any thread may evaluate it.
///
/// The variables are nginx's: host http_NAME cookie_NAME arg_NAME request_uri uri args query_string is_args
/// remote_addr realip_remote_addr remote_port scheme server_port request_method ssl_protocol ssl_cipher
/// ssl_server_name request_id hostname, and uri_rest. As in nginx their names are written in any case, and
/// one that has no value is empty.
class Template {
 public:
  /// An unknown variable is an error that names its nearest neighbour. "$$" is not an escape in nginx; a "$"
  /// that no name follows is an error.
  static Template compile(const std::string& text, const Position& at, Diagnostics& diagnostics);
  Template() = default;
  /// Control characters that a variable brings along ($uri is decoded) come out as %XX, so that no value can
  /// end a header line.
  std::string evaluate(const RequestView& request) const;
  bool constant() const;  ///< has no variable
  bool empty() const { return parts_.empty(); }

 private:
  enum class Source : std::uint8_t {
    literal,
    arg,
    args,
    cookie,
    host,
    hostname,
    http,
    is_args,
    realip_remote_addr,
    remote_addr,
    remote_port,
    request_id,
    request_method,
    request_uri,
    scheme,
    server_port,
    ssl_cipher,
    ssl_protocol,
    ssl_server_name,
    uri,
    uri_rest,
  };
  struct Named {
    std::string_view name;  ///< with "_" at its end: a family, whose members' names follow
    Source source;
  };
  struct Part {
    Source source = Source::literal;
    std::string text{};  ///< a literal's, or the name behind http_, cookie_, arg_
  };

  static const std::vector<Named>& names();
  static std::optional<Part> find(std::string_view name);
  static std::string suggestion(std::string_view name);
  static void append(std::string& out, const Part& part, const RequestView& request);
  void add_literal(std::string_view text);

  std::vector<Part> parts_;
};

/// $arg_NAME's value as sent (not decoded); empty if there is none. As in nginx the name's case does not
/// matter and the first argument of that name counts.
std::string_view argument(std::string_view args, std::string_view name);
/// The same, but an argument without value ("?debug", "?debug=") is told from none.
std::optional<std::string_view> find_argument(std::string_view args, std::string_view name);
/// $cookie_NAME's value from all Cookie fields; empty if there is none. The name's case does not matter.
std::string_view cookie(const http::RequestHead& head, std::string_view name);

}  // namespace tidegate::routing
