#include <gtest/gtest.h>

#include <string>

#include "gateway/websocket/frame_scanner.h"
#include "tests/unit/websocket/frames.h"

namespace tidegate::websocket {
namespace {

using test::frame;
using test::header;

FrameScanner::Seen scan(FrameScanner& scanner, std::string_view bytes) {
  return scanner.scan(as_bytes(bytes));
}

TEST(FrameScannerLimit, LetsAMessageOfJustTheLimitPass) {
  FrameScanner scanner(Sender::server, 10);
  const std::string bytes = frame("0123456789") + frame("01234", {.fin = false}) +
                            frame("56789", {.opcode = Opcode::continuation}) + frame("0123456789");
  EXPECT_FALSE(scan(scanner, bytes).too_big);
  EXPECT_EQ(scanner.messages(), 3u);
}

TEST(FrameScannerLimit, IsToldByTheHeaderAlone) {
  FrameScanner scanner(Sender::server, 10);
  const std::string before = frame("fine");
  const FrameScanner::Seen seen = scan(scanner, before + header(11));
  EXPECT_TRUE(seen.too_big);
  EXPECT_EQ(seen.too_big_boundary, before.size());
  EXPECT_FALSE(seen.too_big_mid_frame);
}

TEST(FrameScannerLimit, AddsUpFragmentsAndNotControlFrames) {
  FrameScanner scanner(Sender::server, 10);
  const std::string before =
      frame("012345", {.fin = false}) + frame("a ping's payload", {.opcode = Opcode::ping});
  const FrameScanner::Seen fits =
      scan(scanner, before + frame("6789", {.opcode = Opcode::continuation, .fin = false}));
  EXPECT_FALSE(fits.too_big);
  const FrameScanner::Seen seen = scan(scanner, frame("x", {.opcode = Opcode::continuation}));
  EXPECT_TRUE(seen.too_big);
  EXPECT_EQ(seen.too_big_boundary, 0u);
  EXPECT_FALSE(seen.too_big_mid_frame);
}

TEST(FrameScannerLimit, AHeaderThatCameInPiecesLeavesNoPlaceForAClose) {
  const std::string before = frame("fine");
  const std::string bytes = before + header(70000);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    FrameScanner scanner(Sender::server, 10);
    const FrameScanner::Seen first = scan(scanner, bytes.substr(0, cut));
    EXPECT_FALSE(first.too_big);
    const FrameScanner::Seen second = scan(scanner, bytes.substr(cut));
    EXPECT_TRUE(second.too_big);
    EXPECT_EQ(second.too_big_mid_frame, cut > before.size()) << "cut at " << cut;
    EXPECT_EQ(second.too_big_boundary, cut > before.size() ? 0 : before.size() - cut) << "cut at " << cut;
  }
}

TEST(FrameScannerLimit, IsToldOnEachCallFromThenOn) {
  FrameScanner scanner(Sender::server, 3);
  EXPECT_FALSE(scan(scanner, header(4)).too_big_mid_frame);
  for (const std::string_view bytes : {"ab", "cd"}) {
    const FrameScanner::Seen later = scan(scanner, bytes);
    EXPECT_TRUE(later.too_big);
    EXPECT_TRUE(later.too_big_mid_frame);
  }
  EXPECT_TRUE(scanner.following());
  EXPECT_EQ(scanner.messages(), 1u);
}

}  // namespace
}  // namespace tidegate::websocket
