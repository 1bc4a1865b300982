#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "gateway/net/loop.h"

namespace tidegate::net {

/// Delivers signals to a callback on the loop. Thread: its loop's. End: the destructor; from then on they are
/// ignored, so that a process on its way out says how it ended rather than that a second TERM ended it.
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int signal)> callback);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Raises RLIMIT_NOFILE to the hard limit and answers what it is now.
std::size_t raise_descriptor_limit();

}  // namespace tidegate::net
