#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/websocket/frame_scanner.h"

namespace tidegate::websocket::test {

/// How a frame is written; the defaults are a whole, minimal one.
struct FrameSpec {
  Opcode opcode = Opcode::text;
  bool fin = true;
  std::uint8_t rsv = 0;
  Sender sender = Sender::server;
};

/// A header that announces `length` bytes, by the shortest of the three forms (RFC 6455 §5.2).
inline std::string header(std::uint64_t length, const FrameSpec& spec = {}) {
  std::string out;
  out += static_cast<char>((spec.fin ? 0x80 : 0) | spec.rsv << 4 | static_cast<int>(spec.opcode));
  const int mask = spec.sender == Sender::client ? 0x80 : 0;
  int extended = 0;
  if (length <= 125) {
    out += static_cast<char>(mask | static_cast<int>(length));
  } else {
    extended = length <= 0xffff ? 2 : 8;
    out += static_cast<char>(mask | (extended == 2 ? 126 : 127));
  }
  for (int i = extended - 1; i >= 0; --i) out += static_cast<char>(length >> (8 * i) & 0xff);
  if (mask != 0) out += "\x11\x22\x33\x44";
  return out;
}

inline std::string masked(std::string payload) {
  static constexpr char kKey[] = "\x11\x22\x33\x44";
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ kKey[i % 4]);
  return payload;
}

inline std::string frame(std::string_view payload, const FrameSpec& spec = {}) {
  std::string body(payload);
  return header(payload.size(), spec) + (spec.sender == Sender::client ? masked(body) : body);
}

inline std::string close_payload(std::uint16_t code, std::string_view why = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + std::string(why);
}

}  // namespace tidegate::websocket::test
