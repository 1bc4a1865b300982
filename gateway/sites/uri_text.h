#pragma once

#include <string>
#include <string_view>

namespace tidegate::sites {

/// nginx's ways of writing a decoded path, or a value within arguments, into a URI: the same bytes become
/// %XX.
std::string escape_uri(std::string_view path);
void append_escaped_argument(std::string& out, std::string_view value);
/// Everything but RFC 3986's unreserved characters (NGX_ESCAPE_URI_COMPONENT).
std::string escape_component(std::string_view text);
/// Decodes what may stand plain in a redirect's URL, up to its "?" (NGX_UNESCAPE_REDIRECT).
std::string unescape_redirect(std::string_view url);

}  // namespace tidegate::sites
