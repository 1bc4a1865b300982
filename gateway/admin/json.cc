#include "gateway/admin/json.h"

#include <cstdio>
#include <ctime>

namespace tidegate::admin {

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

std::string to_rfc3339(std::chrono::system_clock::time_point time, Digits digits) {
  using std::chrono::microseconds;
  const auto since = std::chrono::floor<microseconds>(time.time_since_epoch());
  const auto whole = std::chrono::floor<std::chrono::seconds>(since);
  const auto rest = static_cast<unsigned>((since - whole).count());
  const std::time_t seconds = whole.count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[48];
  std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  if (digits == Digits::milliseconds) {
    size += static_cast<std::size_t>(std::snprintf(text + size, sizeof text - size, ".%03u", rest / 1000));
  } else if (digits == Digits::microseconds) {
    size += static_cast<std::size_t>(std::snprintf(text + size, sizeof text - size, ".%06u", rest));
  }
  return std::string(text, size) + "Z";
}

}  // namespace tidegate::admin
