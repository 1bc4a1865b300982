#include <gtest/gtest.h>

#include "gateway/sites/murmur.h"
#include "gateway/sites/status_text.h"

namespace tidegate::sites {
namespace {

TEST(StatusText, IsAsStubStatusWritesIt) {
  EXPECT_EQ(status_text({.active = 3,
                         .accepted = 10,
                         .handled = 9,
                         .requests = 20,
                         .reading = 0,
                         .writing = 1,
                         .waiting = 2}),
            "Active connections: 3 \nserver accepts handled requests\n 10 9 20 \nReading: 0 Writing: 1 "
            "Waiting: 2 \n");
}

TEST(Murmur, IsTheHashOfSplitClients) {
  // Which of `10%`, `25%` and the rest nginx 1.22 put these into.
  const std::pair<std::string_view, int> cases[] = {
      {"a", 2},         {"b", 2},       {"c", 1},  {"hello", 2}, {"world", 2},
      {"127.0.0.1", 2}, {"abcdefg", 2}, {"x1", 2}, {"x2", 0},    {"x3", 2}};
  for (const auto& [text, part] : cases) {
    const double share = murmur2(text) / 4294967295.0;
    EXPECT_EQ(share < 0.1 ? 0 : share < 0.35 ? 1 : 2, part) << text;
  }
  EXPECT_EQ(murmur2(""), 0u);
}

}  // namespace
}  // namespace tidegate::sites
