#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/log.h"

namespace tidegate::tls {

/// Logs why handshakes fail, at most one line a second, with the number of those left out: scanners come in
/// swarms.
///
/// Owner: a context. Thread: its loop's.
class FailureLog {
 public:
  FailureLog(log::Level level, std::string prefix) : level_(level), prefix_(std::move(prefix)) {}
  void report(std::chrono::steady_clock::time_point now, std::string_view why);

 private:
  log::Level level_;
  std::string prefix_;
  std::chrono::steady_clock::time_point next_{};
  std::uint64_t left_out_ = 0;
};

}  // namespace tidegate::tls
