// Paths: what normalize_path() lets pass is normal, stays the same once escaped, and no rewrite climbs out of
// it. An input is a target; its first byte chooses the prefix that is stripped.
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/routing/rewrite.h"
#include "gateway/routing/uri.h"
#include "tests/fuzz/check.h"

namespace {

using namespace tidegate;

void check_normal(const std::string& uri) {
  FUZZ_CHECK(uri.starts_with('/'));
  FUZZ_CHECK(uri.find('\0') == std::string::npos);
  FUZZ_CHECK(uri.find("//") == std::string::npos);
  FUZZ_CHECK((uri + "/").find("/./") == std::string::npos);
  FUZZ_CHECK((uri + "/").find("/../") == std::string::npos);
  const auto again = routing::normalize_path(routing::escape_path(uri));
  FUZZ_CHECK(again && again.value() == uri);
}

void check_rewrite(std::string_view target, const std::string& uri, std::size_t prefix_size) {
  conf::Route route;
  route.rewrite = conf::Rewrite{uri.substr(0, prefix_size)};
  http::RequestHead head;
  head.path = target;
  const std::string rewritten = routing::rewritten_path(route, head, uri);
  FUZZ_CHECK(rewritten.starts_with('/') && !rewritten.starts_with("//") && !rewritten.starts_with("/\\"));
  FUZZ_CHECK(routing::query_of(rewritten) == routing::query_of(target));
  const auto again = routing::normalize_path(rewritten);
  FUZZ_CHECK(again);
  if (prefix_size > 0 && uri[prefix_size - 1] == '/')
    FUZZ_CHECK(again.value() == "/" + uri.substr(prefix_size));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view target(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto normal = routing::normalize_path(target);
  if (!normal) return 0;
  check_normal(normal.value());
  if (target != "*") check_rewrite(target, normal.value(), data[0] % (normal.value().size() + 1));
  return 0;
}
