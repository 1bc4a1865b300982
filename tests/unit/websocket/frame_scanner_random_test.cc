#include <gtest/gtest.h>

#include <random>
#include <string>

#include "gateway/websocket/frame_scanner.h"
#include "tests/unit/websocket/frames.h"

namespace tidegate::websocket {
namespace {

using test::frame;

/// A decoder as simple as can be: it has the whole stream before it and goes from frame to frame.
struct Reference {
  std::uint64_t text = 0, binary = 0, pings = 0, pongs = 0;
  std::optional<std::uint16_t> close_code;
  bool stopped = false;
  std::size_t last_boundary = 0;
};

Reference decode(const std::string& bytes, Sender sender) {
  Reference out;
  int message = 0;
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  while (at < bytes.size()) {
    const std::size_t have = bytes.size() - at;
    if (have < 2) break;
    const bool fin = (byte(at) & 0x80) != 0, masked = (byte(at + 1) & 0x80) != 0;
    const int opcode = byte(at) & 15;
    std::uint64_t length = byte(at + 1) & 127;
    const bool control = opcode >= 8;
    out.stopped = (opcode > 2 && opcode < 8) || opcode > 10 || masked != (sender == Sender::client) ||
                  (control && (!fin || length > 125)) || (!control && (opcode == 0) != (message != 0));
    if (out.stopped) break;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    const std::size_t size = 2 + extended + (masked ? 4 : 0);
    if (have < size) break;
    if (extended != 0) {
      length = 0;
      for (std::size_t i = 0; i < extended; ++i) length = length << 8 | byte(at + 2 + i);
      out.stopped = length < (extended == 2 ? 126u : 65536u) || length >> 63 != 0;
      if (out.stopped) break;
    }
    if (opcode == 1 || opcode == 2) message = opcode;
    if (have - size < length) break;
    const std::size_t payload = at + size;
    if (opcode == 8 && !out.close_code) {
      const auto plain = [&](std::size_t i) {
        return masked ? byte(payload + i) ^ byte(payload - 4 + i) : byte(payload + i);
      };
      out.close_code =
          length < 2 ? std::uint16_t{1005} : static_cast<std::uint16_t>(plain(0) << 8 | plain(1));
    }
    if (opcode == 9) ++out.pings;
    if (opcode == 10) ++out.pongs;
    if (!control && fin) {
      ++(message == 1 ? out.text : out.binary);
      message = 0;
    }
    at = payload + static_cast<std::size_t>(length);
    out.last_boundary = at;
  }
  return out;
}

/// A stream that is mostly sound, now and then spoiled in one byte.
std::string random_stream(std::mt19937& random, Sender sender) {
  static constexpr std::size_t kLengths[] = {0, 1, 2, 3, 125, 126, 200, 65535, 65536};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::string out;
  bool in_message = false;
  for (std::size_t frames = 1 + below(12); frames > 0; --frames) {
    test::FrameSpec spec{.sender = sender};
    if (below(3) == 0) {
      spec.opcode = static_cast<Opcode>(8 + below(3));
      out += frame(std::string(kLengths[below(5)], static_cast<char>(random())), spec);
      continue;
    }
    spec.opcode = in_message ? Opcode::continuation : static_cast<Opcode>(1 + below(2));
    spec.fin = below(2) == 0;
    in_message = !spec.fin;
    out += frame(std::string(kLengths[below(below(10) == 0 ? 9 : 7)], static_cast<char>(random())), spec);
  }
  if (below(3) == 0) out[below(out.size())] = static_cast<char>(random());
  if (below(4) == 0) out.resize(below(out.size() + 1));
  return out;
}

TEST(FrameScannerRandom, AgreesWithASimpleDecoderHoweverTheBytesArrive) {
  std::mt19937 random(20240611);  // NOLINT: the same streams every time
  for (int round = 0; round < 3000; ++round) {
    const Sender sender = round % 2 == 0 ? Sender::client : Sender::server;
    const std::string bytes = random_stream(random, sender);
    const Reference expected = decode(bytes, sender);
    FrameScanner scanner(sender);
    std::size_t boundary = 0;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = std::min<std::size_t>(1 + random() % (1 + random() % 300), bytes.size() - at);
      const FrameScanner::Seen seen = scanner.scan(as_bytes(std::string_view(bytes).substr(at, count)));
      if (seen.boundary != 0) boundary = at + seen.boundary;
      at += count;
    }
    ASSERT_EQ(scanner.following(), !expected.stopped) << "round " << round;
    ASSERT_EQ(scanner.text_messages(), expected.text) << "round " << round;
    ASSERT_EQ(scanner.binary_messages(), expected.binary) << "round " << round;
    ASSERT_EQ(scanner.pings(), expected.pings) << "round " << round;
    ASSERT_EQ(scanner.pongs(), expected.pongs) << "round " << round;
    ASSERT_EQ(scanner.close_code(), expected.close_code) << "round " << round;
    ASSERT_EQ(boundary, expected.last_boundary) << "round " << round;
    ASSERT_EQ(scanner.bytes(), bytes.size()) << "round " << round;
  }
}

}  // namespace
}  // namespace tidegate::websocket
