#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace tidegate {

/// The `limit` items with the greatest keys of all that were offered. Room for those alone; one that is not
/// among them costs a comparison, one that is a step in a heap.
template <typename Key, typename Item>
class Best {
 public:
  explicit Best(std::size_t limit) : limit_(limit) {}

  void offer(const Key& key, Item item) {
    if (limit_ == 0) return;
    if (heap_.size() == limit_) {
      if (!(heap_.front().first < key)) return;
      std::pop_heap(heap_.begin(), heap_.end(), after);
      heap_.pop_back();
    }
    heap_.emplace_back(key, std::move(item));
    std::push_heap(heap_.begin(), heap_.end(), after);
  }

  /// The greatest first.
  std::vector<std::pair<Key, Item>> take() {
    std::sort_heap(heap_.begin(), heap_.end(), after);
    return std::exchange(heap_, {});
  }

 private:
  using Entry = std::pair<Key, Item>;
  static bool after(const Entry& a, const Entry& b) { return b.first < a.first; }

  std::size_t limit_;
  std::vector<Entry> heap_;  ///< its least key in front
};

}  // namespace tidegate
