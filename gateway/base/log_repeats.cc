#include "gateway/base/log_repeats.h"

#include <algorithm>

namespace tidegate::log {

bool Repeats::admit(Clock::time_point now, Level level, Area area, std::string_view message) {
  if (message.size() > kLongest) return true;
  std::string key(1, static_cast<char>(area.index()));
  key += message;
  auto found = windows_.find(key);
  if (found == windows_.end()) {
    if (windows_.size() >= kMessages) return true;
    found = windows_.emplace(std::move(key), Window{now, level, area}).first;
    order_.push_back(&*found);
  }
  return ++found->second.lines <= kWritten;
}

void Repeats::end_oldest(Clock::time_point now, std::vector<Told>& told) {
  const auto& [key, window] = *order_.front();
  if (window.lines > kWritten) {
    const auto passed =
        std::chrono::ceil<std::chrono::seconds>(std::min<Clock::duration>(now - window.began, window_));
    told.push_back({window.level, window.area, key.substr(1), window.lines - kWritten,
                    std::max(passed, std::chrono::seconds(1))});
  }
  order_.pop_front();
  windows_.erase(windows_.find(key));
}

std::vector<Repeats::Told> Repeats::take_ended(Clock::time_point now) {
  std::vector<Told> told;
  while (!order_.empty() && now - order_.front()->second.began >= window_) end_oldest(now, told);
  return told;
}

std::vector<Repeats::Told> Repeats::take_all(Clock::time_point now) {
  std::vector<Told> told;
  while (!order_.empty()) end_oldest(now, told);
  return told;
}

Repeats::Clock::time_point Repeats::next() const {
  return order_.empty() ? Clock::time_point::max() : order_.front()->second.began + window_;
}

}  // namespace tidegate::log
