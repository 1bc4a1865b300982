#include "gateway/base/intrusive_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace tidegate {
namespace {

struct RedTag;
struct BlueTag;

struct Item : ListHook<RedTag>, ListHook<BlueTag> {
  explicit Item(int n) : number(n) {}
  ListHook<RedTag>& red() { return *this; }
  int number;
};

using RedList = IntrusiveList<Item, RedTag>;
using BlueList = IntrusiveList<Item, BlueTag>;

template <typename List>
std::vector<int> numbers(List& list) {
  std::vector<int> out;
  list.for_each([&](Item& item) { out.push_back(item.number); });
  return out;
}

TEST(IntrusiveList, KeepsTheOrderOfItsEnds) {
  RedList list;
  EXPECT_TRUE(list.empty());
  Item one(1), two(2), three(3);
  list.push_back(two);
  list.push_back(three);
  list.push_front(one);
  EXPECT_EQ(numbers(list), (std::vector{1, 2, 3}));
  EXPECT_EQ(list.front().number, 1);
  EXPECT_EQ(list.back().number, 3);
}

TEST(IntrusiveList, IsLeftByAMemberThatDies) {
  RedList list;
  Item one(1), three(3);
  {
    Item two(2);
    list.push_back(one);
    list.push_back(two);
    list.push_back(three);
  }
  EXPECT_EQ(numbers(list), (std::vector{1, 3}));
}

TEST(IntrusiveList, LetsItsMembersGoWhenItDies) {
  Item one(1), two(2);
  {
    RedList list;
    list.push_back(one);
    list.push_back(two);
    EXPECT_TRUE(one.red().linked());
  }
  EXPECT_FALSE(one.red().linked());
  EXPECT_FALSE(two.red().linked());
}

TEST(IntrusiveList, TakesAMemberFromAnotherList) {
  RedList a, b;
  Item one(1), two(2);
  a.push_back(one);
  a.push_back(two);
  b.push_back(one);
  EXPECT_EQ(numbers(a), std::vector{2});
  EXPECT_EQ(numbers(b), std::vector{1});
}

TEST(IntrusiveList, MovesAMemberToItsOwnEnd) {
  RedList list;
  Item one(1), two(2);
  list.push_back(one);
  list.push_back(two);
  list.push_back(one);
  EXPECT_EQ(numbers(list), (std::vector{2, 1}));
  list.push_back(one);  // it is the last one already
  EXPECT_EQ(numbers(list), (std::vector{2, 1}));
  list.push_front(one);
  EXPECT_EQ(numbers(list), (std::vector{1, 2}));
}

TEST(IntrusiveList, HoldsTheSameItemOncePerTag) {
  RedList red;
  BlueList blue;
  Item one(1);
  red.push_back(one);
  blue.push_back(one);
  one.red().unlink();
  EXPECT_TRUE(red.empty());
  EXPECT_EQ(numbers(blue), std::vector{1});
}

TEST(IntrusiveList, UnlinkingTwiceIsHarmless) {
  RedList list;
  Item one(1);
  list.push_back(one);
  one.red().unlink();
  one.red().unlink();
  EXPECT_FALSE(one.red().linked());
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, SurvivesMembersThatDieWhileVisited) {
  RedList list;
  std::vector<std::unique_ptr<Item>> owned;
  for (int i = 0; i < 5; ++i) list.push_back(*owned.emplace_back(std::make_unique<Item>(i)));
  int visited = 0;
  list.for_each([&](Item& item) {
    ++visited;
    if (item.number % 2 == 0) owned[static_cast<std::size_t>(item.number)].reset();
  });
  EXPECT_EQ(visited, 5);
  EXPECT_EQ(numbers(list), (std::vector{1, 3}));
}

}  // namespace
}  // namespace tidegate
