#include <nlohmann/json.hpp>

#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

using nlohmann::json;

/// The time of the day alone, to the microsecond.
std::string clock_text(const std::string& rfc3339) {
  const std::size_t t = rfc3339.find('T');
  if (t == std::string::npos || !rfc3339.ends_with('Z')) return rfc3339;
  return rfc3339.substr(t + 1, rfc3339.size() - t - 2);
}

std::string padded(std::string text, std::size_t columns) {
  if (width(text) < columns) text.append(columns - width(text), ' ');
  return text;
}

/// RFC 6455 §5.2: RSV1 is the highest of the three bits.
std::string flags(const json& frame) {
  std::string text = flag_of(frame, "fin") ? " fin" : "";
  const auto rsv = static_cast<unsigned>(number_of(frame, "rsv"));
  for (unsigned i = 0; i < 3; ++i) {
    if ((rsv & (4u >> i)) != 0) text += " rsv" + std::to_string(i + 1);
  }
  if (flag_of(frame, "masked")) text += " masked";
  if (member(frame, "code").is_number()) text += " code " + count_of(frame, "code");
  if (flag_of(frame, "from_gateway")) text += " from the gateway";
  return text;
}

}  // namespace

std::string render_frame(const json& line) {
  if (flag_of(line, "ended")) return "the tunnel has ended\n";
  if (member(line, "dropped").is_number())
    return "... " + plural(number_of(line, "dropped"), "frame") + " came faster than could be told\n";
  const std::string direction = text_of(line, "direction") == "to_upstream" ? "to upstream" : "to client";
  std::string length = count_of(line, "length");
  if (length.size() < 9) length.insert(0, 9 - length.size(), ' ');
  return padded(clock_text(text_of(line, "at")), 15) + "  " + padded(direction, 11) + "  " +
         padded(text_of(line, "opcode"), 12) + length + " bytes " + flags(line) + '\n';
}

}  // namespace tidegate::control
