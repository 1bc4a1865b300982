#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "gateway/http/head.h"

namespace tidegate::http {

/// What the Connection fields of a head nominate (RFC 9110 §7.6.1). Views into the head.
class ConnectionOptions {
 public:
  explicit ConnectionOptions(const Head& head);
  bool nominates(std::string_view name) const;
  /// More options than anybody needs. Both parsers refuse such a head, since every field is compared with
  /// every option.
  bool too_many() const { return too_many_; }

 private:
  static constexpr std::size_t kMaxOptions = 64;
  std::array<std::string_view, kMaxOptions> options_;
  std::size_t size_ = 0;
  bool too_many_ = false;
};

/// Fields that concern one connection only, whether Connection nominates them or not. HTTP2-Settings counts:
/// it goes with `Upgrade: h2c`, which is never passed on.
bool is_hop_by_hop(std::string_view name);

/// Content-Length, and Sec-WebSocket-* where they matter, are no options of a connection: a nomination does
/// not remove them.
bool is_nominable(std::string_view name);

}  // namespace tidegate::http
