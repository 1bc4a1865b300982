#pragma once

#include <cstddef>

namespace tidegate {

/// A hook that makes an object a member of at most one list per Tag; it leaves its list when it dies.
template <typename Tag>
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  bool linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = nullptr;
  }

 private:
  template <typename, typename>
  friend class IntrusiveList;
  ListHook* next_ = nullptr;
  ListHook* prev_ = nullptr;
};

/// A doubly linked list through hooks that its members inherit; it owns nothing. T derives from
/// ListHook<Tag>. Not thread-safe.
template <typename T, typename Tag>
class IntrusiveList {
  using Hook = ListHook<Tag>;

 public:
  IntrusiveList() { root_.next_ = root_.prev_ = &root_; }
  ~IntrusiveList() {
    while (!empty()) root_.next_->unlink();
    root_.next_ = root_.prev_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return root_.next_ == &root_; }
  T& front() { return *owner(root_.next_); }
  T& back() { return *owner(root_.prev_); }

  /// Moves `item` here from whichever list it is in.
  void push_back(T& item) { insert_before(root_, item); }
  void push_front(T& item) { insert_before(*root_.next_, item); }

  /// Calls visit(T&) for each member; visit may unlink or destroy the member it is given, no other.
  template <typename Visit>
  void for_each(Visit visit) {
    for (Hook* hook = root_.next_; hook != &root_;) {
      Hook* next = hook->next_;
      visit(*owner(hook));
      hook = next;
    }
  }

 private:
  static T* owner(Hook* hook) { return static_cast<T*>(hook); }
  void insert_before(Hook& place, T& item) {
    Hook& hook = item;
    hook.unlink();
    hook.prev_ = place.prev_;
    hook.next_ = &place;
    place.prev_->next_ = &hook;
    place.prev_ = &hook;
  }

  Hook root_;
};

}  // namespace tidegate
