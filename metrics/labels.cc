#include "metrics/labels.h"

#include <algorithm>
#include <array>

namespace tidegate::metrics {
namespace {

constexpr std::array<std::string_view, kMethods> kMethodLabels{
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "other"};

/// In the order of their numbers; behind them the ranges.
constexpr std::array<std::uint16_t, 13> kCodes{1000, 1001, 1002, 1003, 1005, 1007, 1008,
                                               1009, 1010, 1011, 1012, 1013, 1014};
constexpr std::array<std::string_view, kCloseCodes> kCodeLabels{
    "1000", "1001", "1002", "1003", "1005", "1007", "1008", "1009",
    "1010", "1011", "1012", "1013", "1014", "3xxx", "4xxx", "other"};

}  // namespace

std::size_t method_index(std::string_view method) {
  const auto found = std::find(kMethodLabels.begin(), kMethodLabels.end() - 1, method);
  return static_cast<std::size_t>(found - kMethodLabels.begin());
}

std::string_view method_label(std::size_t index) {
  return kMethodLabels[index];
}

std::size_t close_code_index(std::uint16_t code) {
  const auto found = std::lower_bound(kCodes.begin(), kCodes.end(), code);
  if (found != kCodes.end() && *found == code) return static_cast<std::size_t>(found - kCodes.begin());
  if (code >= 3000 && code <= 3999) return kCodes.size();
  if (code >= 4000 && code <= 4999) return kCodes.size() + 1;
  return kCodes.size() + 2;
}

std::string_view close_code_label(std::size_t index) {
  return kCodeLabels[index];
}

std::string_view label(Direction direction) {
  return direction == Direction::to_upstream ? "to_upstream" : "to_client";
}

std::string_view label(Opcode opcode) {
  constexpr std::array<std::string_view, kCountOf<Opcode>> kLabels{"text", "binary", "ping", "pong"};
  return kLabels[index_of(opcode)];
}

std::string_view label(Phase phase) {
  constexpr std::array<std::string_view, kCountOf<Phase>> kLabels{"tls", "connect", "upstream", "total"};
  return kLabels[index_of(phase)];
}

std::string_view handshake_label(std::size_t index) {
  constexpr std::array<std::string_view, kCountOf<Handshake>> kLabels{"accepted", "declined", "answered"};
  if (index < kLabels.size()) return kLabels[index];
  return word(static_cast<Reason>(index - kLabels.size()));
}

}  // namespace tidegate::metrics
