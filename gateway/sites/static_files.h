#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "conf/sites.h"
#include "gateway/sites/action.h"
#include "gateway/sites/place.h"
#include "gateway/sites/subject.h"

namespace tidegate::sites {

/// The content phase of a location without proxy_pass (ngx_http_index_module, ngx_http_static_module).
struct FileRequest {
  const conf::FileRules* rules = nullptr;
  Place place;
  std::string_view uri;   ///< $uri: decoded; normalised, unless a rewrite made it
  std::string_view args;  ///< $args
  std::span<const std::string>
      index;                ///< conf::FileRules::index, evaluated; needed where the URI ends with "/"
  Subject subject;          ///< its head is the request
  std::string_view method;  ///< the head's; but GET after error_page, unless it was HEAD
  int status = 200;  ///< or what error_page makes of the answer's; then neither conditions nor ranges count
  bool subrequest = false;  ///< likewise
};

/// An internal redirect: the location is searched anew for this URI, the arguments stay.
struct Elsewhere {
  std::string uri;
};

/// A file's answer; an error or a redirect (its Location begins with "/": absolute_redirect is the caller's);
/// or the index. Complaints are logged in nginx's words.
std::variant<Answer, SendFile, Elsewhere> serve_file(const FileRequest& request);

/// The media type of a URI by its extension (conf::FileRules::types, default_type), without a charset.
std::string media_type(const conf::FileRules& rules, std::string_view uri);
/// `charset`: what a type of ours or of an upstream's becomes in an answer with that status
/// (ngx_http_charset_module).
std::string with_charset(std::string_view content_type, std::string_view charset, int status);
/// A path as nginx writes it into a Location: what would end it, or is no visible ASCII, becomes %XX.
std::string escape_location(std::string_view decoded);

}  // namespace tidegate::sites
