// One live tunnel's frame headers, watched while its frames pass.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <vector>

#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using metrics::Direction;
using testing::ElementsAre;
using websocket::Frame;
using websocket::Opcode;
using namespace std::chrono_literals;

/// A watch on one tunnel, made and ended on the server's main thread.
class Watch {
  template <typename Call>
  auto locked(Call call) {
    const std::lock_guard lock(mutex_);
    return call();
  }

 public:
  Watch(Gateway& gateway, const std::string& id) : gateway_(gateway) {
    on_main([this, id] {
      watch_ = gateway_.server().trace_tunnel(id, [this](server::FrameNews news) { hear(std::move(news)); });
    });
  }
  ~Watch() {
    if (!gateway_.stopped()) end();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void end() {
    on_main([this] { watch_.reset(); });
  }
  void pause() {
    on_main([this] { watch_->pause(); });
  }
  void resume() {
    on_main([this] { watch_->resume(); });
  }
  bool begins() {
    return eventually([this] { return locked([this] { return begun_; }); });
  }
  bool found() {
    return locked([this] { return found_; });
  }
  bool ended() {
    return eventually([this] { return locked([this] { return ended_; }); });
  }
  bool has(std::uint64_t frames) {
    return eventually([this, frames] { return told() >= frames; });
  }
  std::uint64_t told() {
    return locked([this] { return events_.size() + dropped_; });
  }
  std::uint64_t dropped() {
    return locked([this] { return dropped_; });
  }
  std::vector<tunnel::FrameEvent> events() {
    return locked([this] { return events_; });
  }

 private:
  void on_main(const std::function<void()>& task) {
    std::promise<void> done;
    gateway_.server().loop().post([&] {
      task();
      done.set_value();
    });
    ASSERT_EQ(std::future_status::ready, done.get_future().wait_for(kPatience));
  }
  void hear(server::FrameNews news) {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(ended_) << "news after the last";
    begun_ = true;
    found_ = news.found;
    ended_ = news.ended;
    dropped_ += news.dropped;
    events_.insert(events_.end(), news.frames.begin(), news.frames.end());
  }

  Gateway& gateway_;
  std::unique_ptr<server::FrameWatch> watch_;
  std::mutex mutex_;
  bool begun_ = false, found_ = false, ended_ = false;
  std::uint64_t dropped_ = 0;
  std::vector<tunnel::FrameEvent> events_;
};

class Trace : public TunnelScene {
 protected:
  std::string id() { return nlohmann::json::parse(gateway->access_log(1).front()).value("id", ""); }
};

TEST_F(Trace, TellsTheHeadersOfBothDirections) {
  open();
  Watch watch(*gateway, id());
  ASSERT_TRUE(watch.begins());
  EXPECT_TRUE(watch.found());
  const auto began = std::chrono::system_clock::now();
  expect_to_upstream(frame(1, "hello", true));
  ASSERT_TRUE(watch.has(1));
  expect_to_client(frame(2, std::string(300, 'x'), false, false) + frame(0, "", false));
  ASSERT_TRUE(watch.has(3));
  expect_to_upstream(close_frame(1000, true));
  ASSERT_TRUE(watch.has(4));
  std::vector<Frame> frames;
  std::vector<Direction> directions;
  for (const tunnel::FrameEvent& event : watch.events()) {
    frames.push_back(event.frame);
    directions.push_back(event.direction);
    EXPECT_FALSE(event.from_gateway);
    EXPECT_GE(event.at, began);
    EXPECT_LE(event.at, std::chrono::system_clock::now());
  }
  EXPECT_THAT(frames, ElementsAre(Frame{Opcode::text, true, 0, true, 5, {}},
                                  Frame{Opcode::binary, false, 0, false, 300, {}},
                                  Frame{Opcode::continuation, true, 0, false, 0, {}},
                                  Frame{Opcode::close, true, 0, true, 2, 1000}));
  EXPECT_THAT(directions, ElementsAre(Direction::to_upstream, Direction::to_client, Direction::to_client,
                                      Direction::to_upstream));
  close();
  EXPECT_TRUE(watch.ended());
}

TEST_F(Trace, TellsTheGatewaysOwnFramesApart) {
  start("", "    websocket: { ping_interval: 50ms }\n");
  open();
  Watch watch(*gateway, id());
  ASSERT_TRUE(watch.has(2));
  for (const tunnel::FrameEvent& event : watch.events()) {
    EXPECT_TRUE(event.from_gateway);
    EXPECT_EQ(event.frame.opcode, Opcode::ping);
    EXPECT_EQ(event.frame.masked, event.direction == Direction::to_upstream);
  }
  close();
}

TEST_F(Trace, SaysThatThereIsNoSuchTunnel) {
  open();
  for (const std::string& unknown :
       {id() + "0", std::string("0123456789abcdef"), std::string(), std::string("zz")}) {
    Watch watch(*gateway, unknown);
    EXPECT_TRUE(watch.ended()) << unknown;
    EXPECT_FALSE(watch.found()) << unknown;
  }
  close();
}

TEST_F(Trace, HasAnyNumberOfWatchersOfWhomEachMayLeave) {
  open();
  Watch first(*gateway, id());
  Watch second(*gateway, id());
  ASSERT_TRUE(first.begins());
  ASSERT_TRUE(second.begins());
  expect_to_upstream(frame(1, "to both", true));
  ASSERT_TRUE(first.has(1));
  ASSERT_TRUE(second.has(1));
  first.end();
  expect_to_upstream(frame(1, "to one", true));
  ASSERT_TRUE(second.has(2));
  EXPECT_EQ(first.told(), 1u);
  close();
  EXPECT_TRUE(second.ended());
}

TEST_F(Trace, NeverSlowsATunnelAndCountsWhatItCouldNotTell) {
  open();
  Watch watch(*gateway, id());
  ASSERT_TRUE(watch.begins());
  watch.pause();
  std::string batch;
  for (int i = 0; i < 1000; ++i) batch += frame(2, "x", true);
  for (int i = 0; i < 10; ++i) expect_to_upstream(batch);  // nobody takes a word, and the tunnel goes on
  EXPECT_EQ(watch.told(), 0u);
  watch.resume();
  ASSERT_TRUE(watch.has(10000));
  EXPECT_EQ(watch.told(), 10000u);
  EXPECT_EQ(watch.dropped(), 10000u - tunnel::FrameTrace::kQueue);
  expect_to_upstream(frame(1, "heard again", true));
  ASSERT_TRUE(watch.has(10001));
  EXPECT_EQ(watch.events().back().frame.length, 11u);
  close();
}

TEST_F(Trace, MayOutliveTheTunnelAndEndWithTheGateway) {
  open();
  Watch early(*gateway, id());
  Watch late(*gateway, id());
  ASSERT_TRUE(early.begins());
  close();
  EXPECT_TRUE(early.ended());
  EXPECT_TRUE(late.ended());
  Watch gone(*gateway, id());
  EXPECT_TRUE(gone.ended());
  EXPECT_FALSE(gone.found());
}

}  // namespace
}  // namespace tidegate::test
