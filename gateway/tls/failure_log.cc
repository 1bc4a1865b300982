#include "gateway/tls/failure_log.h"

namespace tidegate::tls {

void FailureLog::report(std::chrono::steady_clock::time_point now, std::string_view why,
                        std::string_view id) {
  if (!log::enabled(level_, "tls")) return;
  if (now < next_) {
    ++left_out_;
    return;
  }
  next_ = now + std::chrono::seconds(1);
  std::string line = whom_ + ": ";
  line += why;
  if (left_out_ > 0) line += " (and " + std::to_string(left_out_) + " more failures before)";
  left_out_ = 0;
  log::write(level_, "tls", line, id);
}

}  // namespace tidegate::tls
