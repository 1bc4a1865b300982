#include "gateway/admin/dashboard.h"

#include <string>

#include "gateway/base/crypto.h"

namespace tidegate::admin {
namespace {

/// The sources that allow each <name> element of the page, which has no attributes: its text's digest.
std::string digests(std::string_view page, std::string_view name) {
  const std::string begin = "<" + std::string(name) + ">";
  const std::string end = "</" + std::string(name) + ">";
  std::string out;
  for (std::size_t at = page.find(begin); at != std::string_view::npos; at = page.find(begin, at)) {
    at += begin.size();
    const std::string_view text = page.substr(at, page.find(end, at) - at);
    out += " 'sha256-" + base64_encode(sha256(text)) + "'";
  }
  return out;
}

/// Trusted types: a script that hands markup to the parser (innerHTML and the like) throws.
std::string make_policy(std::string_view page) {
  return "default-src 'none'; script-src" + digests(page, "script") + "; style-src" + digests(page, "style") +
         "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
         "require-trusted-types-for 'script'; trusted-types 'none'";
}

}  // namespace

std::string_view dashboard_policy() {
  static const std::string policy = make_policy(dashboard_page());
  return policy;
}

}  // namespace tidegate::admin
