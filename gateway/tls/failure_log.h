#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/log.h"

namespace tidegate::tls {

/// Logs why handshakes fail and streams break, at most one line a second, with the number of those left out:
/// scanners come in swarms.
///
/// Owner: a context. Thread: its loop's.
class FailureLog {
 public:
  FailureLog(log::Level level, std::string whom) : level_(level), whom_(std::move(whom)) {}
  /// `id`: of the request or tunnel that it happened to; empty: of none.
  void report(std::chrono::steady_clock::time_point now, std::string_view why, std::string_view id);

 private:
  log::Level level_;
  std::string whom_;  ///< "client" or "upstream", before each line
  std::chrono::steady_clock::time_point next_{};
  std::uint64_t left_out_ = 0;
};

}  // namespace tidegate::tls
