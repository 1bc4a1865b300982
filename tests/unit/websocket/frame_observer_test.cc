#include "gateway/websocket/frame_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/websocket/frames.h"

namespace tidegate::websocket {
namespace {

using test::close_payload;
using test::frame;
using test::FrameSpec;
using test::header;
using testing::ElementsAre;
using testing::IsEmpty;

class Watcher final : public FrameObserver {
 public:
  void on_frame(const Frame& seen) override { frames.push_back(seen); }
  std::vector<Frame> frames;
};

std::vector<Frame> observed(std::string_view first, std::string_view second, Sender sender) {
  FrameScanner scanner(sender);
  Watcher watcher;
  scanner.scan(as_bytes(first), &watcher);
  scanner.scan(as_bytes(second), &watcher);
  return watcher.frames;
}

/// Whole, cut in two at each position, and byte by byte: the same frames are told.
std::vector<Frame> however_cut(std::string_view bytes, Sender sender) {
  const std::vector<Frame> whole = observed(bytes, {}, sender);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(observed(bytes.substr(0, cut), bytes.substr(cut), sender), whole) << "cut at " << cut;
  }
  FrameScanner scanner(sender);
  Watcher watcher;
  for (const char& c : bytes) scanner.scan(as_bytes({&c, 1}), &watcher);
  EXPECT_EQ(watcher.frames, whole) << "byte by byte";
  return whole;
}

TEST(FrameObserver, HearsWhatEachHeaderSays) {
  for (const Sender sender : {Sender::client, Sender::server}) {
    const bool masked = sender == Sender::client;
    const std::string bytes =
        frame("hello", {.rsv = 4, .sender = sender}) + frame("", {.opcode = Opcode::ping, .sender = sender}) +
        frame("a", {.opcode = Opcode::binary, .fin = false, .rsv = 3, .sender = sender}) +
        frame("pong", {.opcode = Opcode::pong, .sender = sender}) +
        frame(std::string(126, 'b'), {.opcode = Opcode::continuation, .sender = sender}) +
        frame(close_payload(4001, "bye"), {.opcode = Opcode::close, .sender = sender});
    EXPECT_THAT(however_cut(bytes, sender), ElementsAre(Frame{Opcode::text, true, 4, masked, 5, {}},
                                                        Frame{Opcode::ping, true, 0, masked, 0, {}},
                                                        Frame{Opcode::binary, false, 3, masked, 1, {}},
                                                        Frame{Opcode::pong, true, 0, masked, 4, {}},
                                                        Frame{Opcode::continuation, true, 0, masked, 126, {}},
                                                        Frame{Opcode::close, true, 0, masked, 5, 4001}));
  }
}

TEST(FrameObserver, HearsOfALongFrameBeforeItsPayload) {
  EXPECT_THAT(however_cut(header(std::uint64_t{1} << 40), Sender::server),
              ElementsAre(Frame{Opcode::text, true, 0, false, std::uint64_t{1} << 40, {}}));
}

TEST(FrameObserver, HearsOfACloseWhenItIsWhole) {
  const std::string bytes = frame(close_payload(1000, "done"), {.opcode = Opcode::close});
  EXPECT_THAT(observed(bytes.substr(0, bytes.size() - 1), {}, Sender::server), IsEmpty());
}

TEST(FrameObserver, IsToldOnlyTheFirstClosesCode) {
  const FrameSpec client{.opcode = Opcode::close, .sender = Sender::client};
  EXPECT_THAT(
      however_cut(frame("", client) + frame(close_payload(1002), client), Sender::client),
      ElementsAre(Frame{Opcode::close, true, 0, true, 0, 1005}, Frame{Opcode::close, true, 0, true, 2, {}}));
}

TEST(FrameObserver, HearsNothingOfWhatIsNoFrame) {
  EXPECT_THAT(however_cut("\x83\x05hello", Sender::server), IsEmpty());  // reserved opcode
  EXPECT_THAT(however_cut(std::string("\x82\x7e\x00\x05hello", 9), Sender::server),
              IsEmpty());  // not minimal
}

TEST(FrameObserver, MayComeAndGoInTheMiddleOfAFrame) {
  const std::string close = frame(close_payload(1001), {.opcode = Opcode::close, .sender = Sender::client});
  const std::string bytes = frame("first", {.sender = Sender::client}) + close;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    FrameScanner scanner(Sender::client);
    Watcher watcher;
    scanner.scan(as_bytes(std::string_view(bytes).substr(0, cut)));
    scanner.scan(as_bytes(std::string_view(bytes).substr(cut)), &watcher);
    ASSERT_FALSE(watcher.frames.empty()) << "cut at " << cut;
    EXPECT_EQ(watcher.frames.back(), (Frame{Opcode::close, true, 0, true, 2, 1001})) << "cut at " << cut;
  }
}

}  // namespace
}  // namespace tidegate::websocket
