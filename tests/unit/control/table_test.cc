#include "gateway/control/table.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

Table sample() {
  Table table({{"ID"}, {"PATH", false, true}, {"COUNT", true}, {"NOTE", false, false, 1}});
  table.add({"a1", "/a/rather/long/path", "7", "first"});
  table.add({"b22", "/ws", "12345", ""});
  return table;
}

TEST(Table, IsAsWideAsItNeedsToBe) {
  EXPECT_EQ(sample().text(),
            "ID   PATH                 COUNT  NOTE\n"
            "a1   /a/rather/long/path      7  first\n"
            "b22  /ws                  12345\n");
}

TEST(Table, CutsElasticColumnsFirst) {
  EXPECT_EQ(sample().text(31),
            "ID   PATH          COUNT  NOTE\n"
            "a1   /a/rather/l…      7  first\n"
            "b22  /ws           12345\n");
}

TEST(Table, LeavesColumnsOutThatCanBeSpared) {
  EXPECT_EQ(sample().text(24),
            "ID   PATH          COUNT\n"
            "a1   /a/rather/l…      7\n"
            "b22  /ws           12345\n");
}

TEST(Table, NeverIsWiderThanThereIsRoom) {
  for (std::size_t columns = 1; columns < 50; ++columns) {
    std::istringstream lines(sample().text(columns));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), columns) << line;
  }
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({{"NAME"}, {"N", true}});
  table.add({"grüße", "1"});
  table.add({"gruss!", "2"});
  EXPECT_EQ(table.text(),
            "NAME    N\n"
            "grüße   1\n"
            "gruss!  2\n");
}

}  // namespace
}  // namespace tidegate::control
