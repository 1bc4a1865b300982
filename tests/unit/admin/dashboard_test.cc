#include "gateway/admin/dashboard.h"

#include <gmock/gmock.h>

#include <regex>
#include <string>

#include "gateway/base/crypto.h"

namespace tidegate::admin {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

std::string digest_of(std::string_view page, std::string_view begin, std::string_view end) {
  const std::size_t at = page.find(begin) + begin.size();
  return "'sha256-" + base64_encode(sha256(page.substr(at, page.find(end, at) - at))) + "'";
}

TEST(Dashboard, IsWholeAndBareOfPlaceholders) {
  const std::string page(dashboard_page());
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  EXPECT_THAT(page, HasSubstr("</html>"));
  EXPECT_THAT(page, Not(HasSubstr("@DASHBOARD")));
}

TEST(Dashboard, HasOneStyleAndOneScriptWhichItsPolicyNamesByDigest) {
  const std::string_view page = dashboard_page();
  EXPECT_EQ(count(page, "<style"), 1U);
  EXPECT_EQ(count(page, "<script"), 1U);
  const std::string policy(dashboard_policy());
  EXPECT_THAT(policy, HasSubstr("script-src " + digest_of(page, "<script>", "</script>") + ";"));
  EXPECT_THAT(policy, HasSubstr("style-src " + digest_of(page, "<style>", "</style>") + ";"));
  EXPECT_THAT(policy, StartsWith("default-src 'none';"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST(Dashboard, LeadsNowhereElse) {
  // A namespace is a name, and the only address that the page may hold.
  const std::string page =
      std::regex_replace(std::string(dashboard_page()), std::regex("http://www.w3.org/2000/svg"), "");
  for (const char* word : {"http://", "https://", "src=", "@import", "url("})
    EXPECT_EQ(count(page, word), 0U) << word;
}

TEST(Dashboard, NeverMakesMarkupOfWhatPeersSent) {
  const std::string_view page = dashboard_page();
  for (const char* word :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=\""})
    EXPECT_EQ(count(page, word), 0U) << word;
}

}  // namespace
}  // namespace tidegate::admin
