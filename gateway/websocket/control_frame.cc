#include "gateway/websocket/control_frame.h"

#include <algorithm>
#include <cstring>

namespace tidegate::websocket {
namespace {

constexpr std::size_t kMaxPayload = 125;  // RFC 6455 §5.5

/// The longest beginning of `text` that has at most `limit` bytes and ends where a UTF-8 character does.
std::string_view cut_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  const auto continues = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80; };
  while (limit > 0 && continues(limit)) --limit;
  return text.substr(0, limit);
}

}  // namespace

ControlFrame::ControlFrame(Sender sender, Opcode opcode, std::string_view head, std::string_view tail,
                           std::uint32_t mask_key) {
  const bool masked = sender == Sender::client;
  const std::size_t payload_size = head.size() + tail.size();
  const auto append = [this](const void* from, std::size_t count) {
    if (count == 0) return;
    std::memcpy(data_.data() + size_, from, count);
    size_ += count;
  };
  data_[0] = static_cast<std::byte>(0x80 | static_cast<std::uint8_t>(opcode));
  data_[1] = static_cast<std::byte>((masked ? 0x80 : 0) | payload_size);
  size_ = 2;
  std::array<std::byte, 4> key{};
  std::memcpy(key.data(), &mask_key, key.size());
  if (masked) append(key.data(), key.size());
  const std::size_t payload_at = size_;
  append(head.data(), head.size());
  append(tail.data(), tail.size());
  if (masked) apply_mask(std::span(data_).subspan(payload_at, payload_size), key);
}

ControlFrame ControlFrame::close(Sender sender, std::uint16_t code, std::string_view why,
                                 std::uint32_t mask_key) {
  if (!may_be_sent(code)) return {sender, Opcode::close, {}, {}, mask_key};
  const char head[2] = {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return {sender, Opcode::close, {head, 2}, cut_utf8(why, kMaxPayload - 2), mask_key};
}

ControlFrame ControlFrame::ping(Sender sender, std::string_view payload, std::uint32_t mask_key) {
  return {sender, Opcode::ping, payload.substr(0, kMaxPayload), {}, mask_key};
}

ControlFrame ControlFrame::pong(Sender sender, std::string_view payload, std::uint32_t mask_key) {
  return {sender, Opcode::pong, payload.substr(0, kMaxPayload), {}, mask_key};
}

bool may_be_sent(std::uint16_t close_code) {
  if (close_code >= 3000) return close_code <= 4999;  // RFC 6455 §7.4.2: libraries' and applications'
  return (close_code >= 1000 && close_code <= 1003) || (close_code >= 1007 && close_code <= 1014);
}

void apply_mask(std::span<std::byte> bytes, std::array<std::byte, 4> key, std::size_t offset) {
  std::array<std::byte, 8> word_bytes;
  for (std::size_t i = 0; i < word_bytes.size(); ++i) word_bytes[i] = key[(offset + i) % key.size()];
  std::uint64_t word_key = 0;
  std::memcpy(&word_key, word_bytes.data(), sizeof word_key);

  std::size_t at = 0;
  for (; bytes.size() - at >= sizeof word_key; at += sizeof word_key) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    word ^= word_key;
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  for (std::size_t i = 0; at < bytes.size(); ++at, ++i) bytes[at] ^= word_bytes[i];
}

}  // namespace tidegate::websocket
