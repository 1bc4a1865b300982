#pragma once

#include <mutex>
#include <string>

#include "gateway/base/log.h"
#include "tests/integration/peer.h"

namespace tidegate::test {

/// The diagnostics log of everything in the process while this lives. Make it before the Gateway it listens
/// to.
class CapturedLog {
 public:
  CapturedLog() {
    log::capture([this](log::Level, std::string_view line) {
      const std::lock_guard lock(mutex_);
      text_.append(line).append("\n");
    });
  }
  ~CapturedLog() { log::capture({}); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  /// Waits until `words` were logged; false when time ran out.
  bool says(const std::string& words) const {
    return eventually([&] { return text().find(words) != std::string::npos; });
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace tidegate::test
