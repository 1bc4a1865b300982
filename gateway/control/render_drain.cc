#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

using nlohmann::json;

std::string bar(double share, std::size_t columns) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(columns) + 0.5);
  return '[' + std::string(full, '#') + std::string(columns - full, '-') + "] ";
}

}  // namespace

std::string render_drain(const json& status, Moment now, std::size_t columns) {
  const json& drain = member(status, "drain");
  if (!drain.is_object()) return fit("the drain begins", columns == 0 ? 80 : columns);
  const double initial = number_of(drain, "initial");
  const double remaining = number_of(drain, "remaining");
  std::string text = count_text(remaining) + " of " + count_text(initial) + " connections and tunnels left";
  if (const auto deadline = parse_time(text_of(drain, "deadline_at"))) {
    const auto left = std::max(*deadline - now, std::chrono::milliseconds(0));
    text += ", " + span_text(std::chrono::duration<double>(left).count()) + " to the deadline";
  }
  if (columns == 0) return text;
  constexpr std::size_t kMost = 40;
  constexpr std::size_t kLeast = 10;
  if (columns > width(text) + 3 + kLeast) {
    const double gone = initial > 0 ? std::clamp(1 - remaining / initial, 0.0, 1.0) : 1;
    text.insert(0, bar(gone, std::min(kMost, columns - width(text) - 3)));
  }
  return fit(text, columns);
}

}  // namespace tidegate::control
