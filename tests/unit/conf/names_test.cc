#include "conf/names.h"

#include <gtest/gtest.h>

namespace tidegate::conf {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsChangesAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("upstream", "upstreams"), 1u);
  EXPECT_EQ(edit_distance("httpp", "http"), 1u);
  EXPECT_EQ(edit_distance("htpt", "http"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::string_view keys[] = {"address", "redirect", "acme_challenge", "tls"};
  EXPECT_EQ(nearest("adress", keys), "address");
  EXPECT_EQ(nearest("Redirect", keys), "redirect");
  EXPECT_EQ(nearest("acme-challenge", keys), "acme_challenge");
  EXPECT_EQ(nearest("tsl", keys), "tls");
}

TEST(Nearest, FindsNothingWhereNothingIsNear) {
  const std::string_view keys[] = {"address", "tls"};
  EXPECT_EQ(nearest("metrics", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("xyz", keys), "");
  EXPECT_EQ(nearest(std::string(100000, 'a'), keys), "");
  EXPECT_EQ(nearest("address", {}), "");
}

TEST(InQuotes, EscapesAndShortens) {
  EXPECT_EQ(in_quotes("a"), "\"a\"");
  EXPECT_EQ(in_quotes("a\"b\\c\n\x7f"), "\"a\\\"b\\\\c\\x0a\\x7f\"");
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "\"" + std::string(80, 'x') + "\"");
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "\"" + std::string(80, 'x') + "…\"");
}

TEST(InQuotes, DoesNotCutACharacterInTwo) {
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "éé"), "\"" + std::string(79, 'x') + "…\"");
}

TEST(Lists, ReadAsEnglish) {
  const std::string_view one[] = {"a"};
  const std::string_view three[] = {"a", "b", "c"};
  EXPECT_EQ(one_of({}), "");
  EXPECT_EQ(one_of(one), "a");
  EXPECT_EQ(one_of(three), "a, b or c");
  EXPECT_EQ(all_of(three), "a, b and c");
}

TEST(Tokens, AreWhatRfc9110Says) {
  EXPECT_TRUE(is_token("X-Real-IP"));
  EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
  for (const char* bad : {"", "a b", "a:b", "a/b", "a\tb", "\xc3\xa9", "a\"", "(a)", "a,b"}) {
    EXPECT_FALSE(is_token(bad)) << bad;
  }
  EXPECT_TRUE(is_field_value("a\tb \xc3\xa9"));
  EXPECT_TRUE(is_field_value(""));
  for (const char* bad : {"a\nb", "a\rb", "\x7f", "\x01"}) EXPECT_FALSE(is_field_value(bad)) << bad;
  EXPECT_FALSE(is_field_value(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace tidegate::conf
