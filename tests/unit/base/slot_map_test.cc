#include "gateway/base/slot_map.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidegate {
namespace {

TEST(SlotMap, FindsWhatWasInserted) {
  SlotMap<int> map;
  int a = 1, b = 2;
  const SlotId id_a = map.insert(a);
  const SlotId id_b = map.insert(b);
  EXPECT_NE(id_a, id_b);
  EXPECT_EQ(map.find(id_a), &a);
  EXPECT_EQ(map.find(id_b), &b);
  EXPECT_EQ(map.size(), 2u);
}

TEST(SlotMap, AnswersNullForAStaleId) {
  SlotMap<int> map;
  int a = 1, b = 2;
  const SlotId old = map.insert(a);
  map.erase(old);
  EXPECT_EQ(map.find(old), nullptr);
  const SlotId fresh = map.insert(b);
  EXPECT_EQ(fresh.slot, old.slot) << "the slot is used again";
  EXPECT_EQ(map.find(old), nullptr) << "but not under its old name";
  EXPECT_EQ(map.find(fresh), &b);
}

TEST(SlotMap, ErasesOnceOnly) {
  SlotMap<int> map;
  int a = 1, b = 2;
  const SlotId old = map.insert(a);
  map.erase(old);
  map.erase(old);
  EXPECT_EQ(map.size(), 0u);
  const SlotId first = map.insert(a);
  const SlotId second = map.insert(b);
  EXPECT_NE(first.slot, second.slot);
  map.erase(old);  // stale: the tenant stays
  EXPECT_EQ(map.size(), 2u);
}

TEST(SlotMap, FindsNothingForIdsItNeverGave) {
  SlotMap<int> map;
  EXPECT_EQ(map.find({}), nullptr);
  EXPECT_EQ(map.find({7, 1}), nullptr);
  int a = 1;
  map.insert(a);
  EXPECT_EQ(map.find({}), nullptr) << "a default id names nothing, not the first slot";
}

TEST(SlotMap, KeepsManyApart) {
  SlotMap<int> map;
  std::vector<int> items(1000);
  std::vector<SlotId> ids;
  for (int& item : items) ids.push_back(map.insert(item));
  for (std::size_t i = 0; i < ids.size(); i += 2) map.erase(ids[i]);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(map.find(ids[i]), i % 2 == 0 ? nullptr : &items[i]);
  EXPECT_EQ(map.size(), 500u);
}

}  // namespace
}  // namespace tidegate
