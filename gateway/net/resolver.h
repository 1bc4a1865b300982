#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/ip.h"
#include "gateway/net/loop.h"

namespace tidegate::net {

/// Looks names up with the system's resolver, off the loop's thread (getaddrinfo in libuv's pool).
///
/// Thread: its loop's. End: the destructor; callbacks of lookups under way are not called.
class Resolver {
 public:
  /// Every address in the system's order without duplicates; empty with a negative errno-like `error`
  /// (UV_EAI_*).
  using Callback = std::function<void(std::vector<IpAddress> addresses, int error)>;

  explicit Resolver(Loop& loop);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void resolve(const std::string& host, Callback callback);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Words for an error of net: strerror's, or getaddrinfo's.
std::string error_text(int os_error);

}  // namespace tidegate::net
