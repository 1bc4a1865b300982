#include "gateway/websocket/control_frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/websocket/frames.h"

namespace tidegate::websocket {
namespace {

using test::close_payload;
using test::frame;
using test::FrameSpec;

std::string text(const ControlFrame& control) {
  return std::string(as_text(control.bytes()));
}

TEST(ControlFrame, WritesAServersClose) {
  EXPECT_EQ(text(ControlFrame::close(Sender::server, 1001, "bye")), std::string("\x88\x05\x03\xe9"
                                                                                "bye",
                                                                                7));
}

TEST(ControlFrame, MasksAClientsClose) {
  std::uint32_t key = 0;
  std::memcpy(&key, "\x11\x22\x33\x44", 4);
  EXPECT_EQ(
      text(ControlFrame::close(Sender::client, 1009, "too big", key)),
      frame(close_payload(1009, "too big"), FrameSpec{.opcode = Opcode::close, .sender = Sender::client}));
}

TEST(ControlFrame, WritesPingAndPong) {
  EXPECT_EQ(text(ControlFrame::ping(Sender::server, "abc")), std::string("\x89\x03"
                                                                         "abc"));
  EXPECT_EQ(text(ControlFrame::pong(Sender::server, "")), std::string("\x8a\x00", 2));
}

TEST(ControlFrame, CutsAPayloadThatIsTooLong) {
  const std::string long_payload(300, 'x');
  EXPECT_EQ(text(ControlFrame::ping(Sender::server, long_payload)),
            frame(std::string(125, 'x'), FrameSpec{.opcode = Opcode::ping}));
  EXPECT_EQ(ControlFrame::ping(Sender::client, long_payload).bytes().size(), 131u);
}

TEST(ControlFrame, CutsACloseTextBetweenCharacters) {
  std::string why(122, 'x');
  why += "\xc3\xa9";  // 124 bytes; 123 fit
  EXPECT_EQ(text(ControlFrame::close(Sender::server, 1000, why)),
            frame(close_payload(1000, std::string(122, 'x')), FrameSpec{.opcode = Opcode::close}));
}

TEST(ControlFrame, LeavesOutACodeThatMayNotBeSent) {
  EXPECT_EQ(text(ControlFrame::close(Sender::server, 1006, "why")), std::string("\x88\x00", 2));
}

TEST(ControlFrame, IsUnderstoodByTheScanner) {
  for (const Sender sender : {Sender::client, Sender::server}) {
    FrameScanner scanner(sender);
    scanner.scan(ControlFrame::ping(sender, "1", 0xdeadbeef).bytes());
    scanner.scan(ControlFrame::pong(sender, "2", 0xdeadbeef).bytes());
    scanner.scan(ControlFrame::close(sender, 4242, "three", 0xdeadbeef).bytes());
    EXPECT_TRUE(scanner.at_boundary());
    EXPECT_EQ(scanner.pings(), 1u);
    EXPECT_EQ(scanner.pongs(), 1u);
    EXPECT_EQ(scanner.close_code(), 4242);
  }
}

TEST(CloseCodes, SomeNeverGoOnTheWire) {
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    EXPECT_FALSE(may_be_sent(static_cast<std::uint16_t>(code))) << code;
  }
  for (const int code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999}) {
    EXPECT_TRUE(may_be_sent(static_cast<std::uint16_t>(code))) << code;
  }
}

TEST(Mask, EqualsByteByByteAtEveryOffsetAndLength) {
  const std::array<std::byte, 4> key{std::byte{1}, std::byte{0xf0}, std::byte{0x7e}, std::byte{0xaa}};
  for (std::size_t offset = 0; offset < 9; ++offset) {
    for (std::size_t size = 0; size < 40; ++size) {
      std::vector<std::byte> bytes(size, std::byte{0x5c});
      std::vector<std::byte> expected(bytes);
      for (std::size_t i = 0; i < size; ++i) expected[i] ^= key[(offset + i) % 4];
      apply_mask(bytes, key, offset);
      EXPECT_EQ(bytes, expected) << "offset " << offset << " size " << size;
    }
  }
}

}  // namespace
}  // namespace tidegate::websocket
