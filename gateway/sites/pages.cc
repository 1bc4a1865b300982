#include <algorithm>
#include <array>

#include "gateway/sites/walk_impl.h"

namespace tidegate::sites {
namespace {

/// The words of nginx's own pages, which are not always those of RFC 9110.
struct Page {
  int status;
  std::string_view title;
  std::string_view more{};  ///< below the title "400 Bad Request"
};

constexpr Page kPages[] = {
    {301, "301 Moved Permanently"},
    {302, "302 Found"},
    {303, "303 See Other"},
    {307, "307 Temporary Redirect"},
    {308, "308 Permanent Redirect"},
    {400, "400 Bad Request"},
    {401, "401 Authorization Required"},
    {402, "402 Payment Required"},
    {403, "403 Forbidden"},
    {404, "404 Not Found"},
    {405, "405 Not Allowed"},
    {406, "406 Not Acceptable"},
    {408, "408 Request Time-out"},
    {409, "409 Conflict"},
    {410, "410 Gone"},
    {411, "411 Length Required"},
    {412, "412 Precondition Failed"},
    {413, "413 Request Entity Too Large"},
    {414, "414 Request-URI Too Large"},
    {415, "415 Unsupported Media Type"},
    {416, "416 Requested Range Not Satisfiable"},
    {421, "421 Misdirected Request"},
    {429, "429 Too Many Requests"},
    {494, "400 Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large"},
    {495, "400 The SSL certificate error", "The SSL certificate error"},
    {496, "400 No required SSL certificate was sent", "No required SSL certificate was sent"},
    {497, "400 The plain HTTP request was sent to HTTPS port",
     "The plain HTTP request was sent to HTTPS port"},
    {500, "500 Internal Server Error"},
    {501, "501 Not Implemented"},
    {502, "502 Bad Gateway"},
    {503, "503 Service Temporarily Unavailable"},
    {504, "504 Gateway Time-out"},
    {505, "505 HTTP Version Not Supported"},
    {507, "507 Insufficient Storage"},
};

}  // namespace

/// Empty for a status that nginx has no page for.
std::string Walk::Impl::page_of(int status) const {
  const auto* page = std::find_if(std::begin(kPages), std::end(kPages),
                                  [status](const Page& p) { return p.status == status; });
  if (page == std::end(kPages)) return {};
  std::string out("<html>\r\n<head><title>");
  out.append(page->title).append("</title></head>\r\n<body>\r\n<center><h1>");
  out.append(page->more.empty() ? page->title : "400 Bad Request").append("</h1></center>\r\n");
  if (!page->more.empty()) out.append("<center>").append(page->more).append("</center>\r\n");
  return out.append("<hr><center>tidegate</center>\r\n</body>\r\n</html>\r\n");
}

std::string Walk::page(int status) const {
  return impl_->page_of(status);
}

}  // namespace tidegate::sites
