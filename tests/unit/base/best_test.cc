#include "gateway/base/best.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

namespace tidegate {
namespace {

std::vector<int> keys_of(Best<int, std::string>& best) {
  std::vector<int> keys;
  for (const auto& [key, item] : best.take()) {
    EXPECT_EQ(std::to_string(key), item);
    keys.push_back(key);
  }
  return keys;
}

TEST(Best, KeepsTheGreatestInOrderHoweverTheyCome) {
  std::vector<int> offered(8);
  std::iota(offered.begin(), offered.end(), 0);
  for (int rotation = 0; rotation < 8; ++rotation) {
    for (const bool backwards : {false, true}) {
      std::vector<int> sequence = offered;
      std::rotate(sequence.begin(), sequence.begin() + rotation, sequence.end());
      if (backwards) std::reverse(sequence.begin(), sequence.end());
      Best<int, std::string> best(3);
      for (const int key : sequence) best.offer(key, std::to_string(key));
      EXPECT_EQ((std::vector{7, 6, 5}), keys_of(best)) << rotation << (backwards ? " backwards" : "");
    }
  }
}

TEST(Best, KeepsAllWhereThereAreFewer) {
  Best<int, std::string> best(10);
  for (const int key : {2, 3, 1}) best.offer(key, std::to_string(key));
  EXPECT_EQ((std::vector{3, 2, 1}), keys_of(best));
  EXPECT_TRUE(best.take().empty()) << "taken";
}

TEST(Best, KeepsEqualKeysUpToItsLimit) {
  Best<int, std::string> best(2);
  for (int i = 0; i < 5; ++i) best.offer(4, "4");
  EXPECT_EQ((std::vector{4, 4}), keys_of(best));
}

TEST(Best, KeepsNothingWithoutRoom) {
  Best<int, std::string> best(0);
  best.offer(1, "1");
  EXPECT_TRUE(best.take().empty());
}

}  // namespace
}  // namespace tidegate
