#pragma once

#include <cstdint>
#include <vector>

namespace tidegate {

/// Names a slot and the generation of its tenant, so that an id outlives what it names without harm.
struct SlotId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  ///< 0 names nothing
  bool operator==(const SlotId&) const = default;
};

/// Finds objects by an id that may be stale; a stale id finds null, which is an ordinary answer. Owns
/// nothing. Not thread-safe.
template <typename T>
class SlotMap {
 public:
  SlotId insert(T& item) {
    if (free_.empty()) {
      slots_.push_back({});
      free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    slots_[slot].item = &item;
    ++size_;
    return {slot, slots_[slot].generation};
  }

  T* find(SlotId id) const {
    if (id.slot >= slots_.size() || slots_[id.slot].generation != id.generation) return nullptr;
    return slots_[id.slot].item;
  }

  void erase(SlotId id) {
    if (find(id) == nullptr) return;
    slots_[id.slot].item = nullptr;
    if (++slots_[id.slot].generation == 0) slots_[id.slot].generation = 1;
    free_.push_back(id.slot);
    --size_;
  }

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    T* item = nullptr;
    std::uint32_t generation = 1;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace tidegate
