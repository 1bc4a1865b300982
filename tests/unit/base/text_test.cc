#include "gateway/base/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate {
namespace {

std::vector<std::string> elements(std::string_view list) {
  std::vector<std::string> out;
  for_each_list_element(list, [&](std::string_view element) { out.emplace_back(element); });
  return out;
}

TEST(Text, ComparesAsciiWithoutCase) {
  EXPECT_TRUE(iequals("", ""));
  EXPECT_TRUE(iequals("WebSocket", "websocket"));
  EXPECT_FALSE(iequals("websocket", "websockets"));
  EXPECT_FALSE(iequals("@", "`")) << "only letters have a case";
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("\xc4", "\xe4")) << "Latin-1 letters are not ASCII";
}

TEST(Text, LowersAsciiAlone) {
  EXPECT_EQ(to_lower("AZaz09[@\xc4"), "azaz09[@\xc4");
}

TEST(Text, TrimsSpacesAndTabsOnly) {
  EXPECT_EQ(trim_ows(" \t a b\t "), "a b");
  EXPECT_EQ(trim_ows(" \t "), "");
  EXPECT_EQ(trim_ows(""), "");
  EXPECT_EQ(trim_ows("\r\na\v"), "\r\na\v");
}

TEST(Text, VisitsTheElementsOfAList) {
  EXPECT_EQ(elements("keep-alive, Upgrade"), (std::vector<std::string>{"keep-alive", "Upgrade"}));
  EXPECT_EQ(elements("a"), std::vector<std::string>{"a"});
  EXPECT_EQ(elements("a b ,\tc"), (std::vector<std::string>{"a b", "c"}));
}

TEST(Text, PassesOverEmptyElements) {
  EXPECT_EQ(elements(""), std::vector<std::string>{});
  EXPECT_EQ(elements(" , ,,"), std::vector<std::string>{});
  EXPECT_EQ(elements(",a,,b,"), (std::vector<std::string>{"a", "b"}));
}

TEST(Text, ParsesDecimals) {
  EXPECT_EQ(parse_decimal("0"), 0u);
  EXPECT_EQ(parse_decimal("007"), 7u);
  EXPECT_EQ(parse_decimal("18446744073709551615"), 18446744073709551615u);
}

TEST(Text, RefusesWhatIsNotADecimal) {
  for (const std::string_view bad :
       {"", " ", "+1", "-1", " 1", "1 ", "1a", "0x1", "1.0", "18446744073709551616", "18446744073709551620",
        "99999999999999999999"}) {
    EXPECT_EQ(parse_decimal(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace tidegate
