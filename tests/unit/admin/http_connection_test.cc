#include "gateway/admin/http_connection.h"

#include <gmock/gmock.h>

#include <deque>

#include "tests/support/memory_stream.h"

namespace tidegate::admin {
namespace {

using test::MemoryPeer;
using test::MemoryStream;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kMostBody = 20;

struct Asked {
  std::string method;
  std::string path;
  std::string body;
};

/// One connection in memory, and who answers it: at once with the body that it got, or not before the test
/// does.
class Scene final : HttpOwner, HttpHandler {
 public:
  explicit Scene(bool answers = true) : peer(nullptr), answers_(answers) {
    loop.timers().set_clock([this] { return now_ms_; });
    loop.timers().advance(now_ms_);
    MemoryStream::Options options;
    options.address = "";  // as a unix socket's
    auto stream = std::make_unique<MemoryStream>(loop, options);
    peer = stream->far_end();
    HttpOwner& owner = *this;
    HttpHandler& handler = *this;
    connection = std::make_unique<HttpConnection>(loop, std::move(stream), owner, handler);
    connection->start(SlotId{1, 1});
  }

  void send(std::string_view bytes) {
    peer.send(bytes);
    settle();
  }
  /// Runs the loop until nothing moves any more.
  void settle() {
    for (int i = 0; i < 6; ++i) test::turn(loop);
  }
  /// As if this much time had gone by.
  void pass(std::chrono::milliseconds time) {
    now_ms_ += static_cast<std::uint64_t>(time.count());
    loop.timers().advance(now_ms_);
    settle();
  }
  std::string received() {
    settle();
    return peer.take_received();
  }

  net::Loop loop;
  MemoryPeer peer;
  std::unique_ptr<HttpConnection> connection;  ///< null when it has ended
  std::deque<Asked> asked;
  std::size_t limit = kMostBody;
  int drained = 0;
  bool gone = false;

 private:
  std::size_t most_body_bytes(const HttpConnection&, const http::RequestHead&) override { return limit; }
  void on_request(HttpConnection& asking, const http::RequestHead& head, std::string body) override {
    asked.push_back({std::string(head.method), std::string(head.path), body});
    if (answers_) asking.answer({.status = 200, .body = "got " + body});
  }
  Answer refusal(int status) override { return {.status = status, .body = "refused"}; }
  void on_stream_drained(HttpConnection&) override { ++drained; }
  void on_finished(HttpConnection&) override {
    gone = true;
    loop.retire(std::move(connection));
  }

  const bool answers_;
  std::uint64_t now_ms_ = 10'000'000'000;  // ahead of the loop's own clock, which so changes nothing
};

std::string post(const std::string& body, const std::string& fields = "") {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

constexpr char kChunked[] =
    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: "
    "u\r\n\r\n";

TEST(HttpConnection, ReadsBodiesHoweverTheyArrive) {
  const std::string three = post("hello") + kChunked + post("");
  const auto expect = [&](Scene& scene, std::size_t cut) {
    scene.settle();
    ASSERT_EQ(scene.asked.size(), 3u) << "cut at " << cut;
    EXPECT_EQ(scene.asked[0].body, "hello");
    EXPECT_EQ(scene.asked[1].body, "abcde");
    EXPECT_EQ(scene.asked[1].path, "/c");
    EXPECT_EQ(scene.asked[2].body, "");
    EXPECT_FALSE(scene.gone);
  };
  for (std::size_t cut = 0; cut <= three.size(); ++cut) {
    Scene scene;
    if (cut > 0) scene.send(three.substr(0, cut));
    if (cut < three.size()) scene.send(three.substr(cut));
    expect(scene, cut);
  }
  Scene scene;
  scene.peer.send_bytewise(three);
  for (std::size_t i = 0; i < three.size(); ++i) test::turn(scene.loop);
  expect(scene, three.size());
}

TEST(HttpConnection, RefusesABodyThatIsTooLong) {
  for (const std::string& request :
       {post(std::string(kMostBody + 1, 'x')),
        std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n") +
            std::string(21, 'x')}) {
    Scene scene;
    scene.send(request);
    EXPECT_THAT(scene.received(), StartsWith("HTTP/1.1 413 "));
    EXPECT_TRUE(scene.asked.empty());
    EXPECT_TRUE(scene.gone);
  }
  Scene fits;
  fits.send(post(std::string(kMostBody, 'x')));
  EXPECT_EQ(fits.asked.size(), 1u);
}

TEST(HttpConnection, RefusesBrokenChunks) {
  Scene scene;
  scene.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  EXPECT_THAT(scene.received(), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(scene.gone);
}

TEST(HttpConnection, SaysContinueToWhoWaitsForIt) {
  Scene scene;
  scene.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(scene.received(), "HTTP/1.1 100 Continue\r\n\r\n");
  scene.send("ok");
  EXPECT_THAT(scene.received(), EndsWith("\r\n\r\ngot ok"));
  Scene too_long;
  too_long.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99\r\n\r\n");
  EXPECT_THAT(too_long.received(), StartsWith("HTTP/1.1 413 "));
}

TEST(HttpConnection, DoesNotReadABodyThatNobodyWants) {
  Scene scene;
  scene.limit = 0;
  scene.send(post("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_EQ(scene.asked.size(), 1u);
  EXPECT_THAT(scene.received(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(scene.gone);
}

TEST(HttpConnection, GivesSlowSendersATerm) {
  using namespace std::chrono_literals;
  for (const std::string& begun :
       {post("hello").substr(0, post("hello").size() - 1), std::string("GET / HT")}) {
    Scene scene;
    scene.send(begun);
    scene.pass(29s);
    EXPECT_FALSE(scene.gone);
    scene.pass(2s);
    EXPECT_THAT(scene.received(), StartsWith("HTTP/1.1 408 ")) << begun;
    EXPECT_TRUE(scene.gone);
  }
  Scene idle;
  idle.pass(31s);
  EXPECT_TRUE(idle.gone);
  EXPECT_EQ(idle.received(), "");
}

TEST(HttpConnection, WaitsForItsOwnAnswerAsLongAsThatTakes) {
  Scene scene(/*answers=*/false);
  scene.send(post("hello") + post("next"));
  scene.pass(std::chrono::minutes(5));
  ASSERT_FALSE(scene.gone);
  EXPECT_EQ(scene.asked.size(), 1u);
  scene.connection->answer({.status = 200, .body = "late"});
  EXPECT_THAT(scene.received(), EndsWith("late"));
  EXPECT_EQ(scene.asked.size(), 2u);
}

TEST(HttpConnection, RefusesABodyThatItsSenderCuts) {
  Scene scene;
  scene.send(post("hello").substr(0, post("hello").size() - 1));
  scene.peer.end();
  EXPECT_THAT(scene.received(), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(scene.asked.empty());
  EXPECT_TRUE(scene.gone);
}

TEST(HttpConnection, EndsAfterTheAnswerWhenAskedTo) {
  Scene scene(/*answers=*/false);
  scene.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  scene.connection->wind_down();
  ASSERT_FALSE(scene.gone);
  scene.connection->answer({.status = 200, .body = "last"});
  EXPECT_TRUE(scene.gone);
  EXPECT_THAT(scene.received(), HasSubstr("Connection: close\r\n"));
  Scene idle;
  idle.connection->wind_down();
  EXPECT_TRUE(idle.gone);
}

// ---------------------------------------------------------------------------------------------------------------
// Streams

constexpr char kGet[] = "GET /s HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HttpConnection, StreamsInChunksAndGoesOn) {
  Scene scene(/*answers=*/false);
  scene.send(kGet);
  scene.connection->begin_stream({.content_type = "text/x", .fields = {{"A", "b"}}});
  const std::string head = scene.received();
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: text/x\r\nA: b\r\n"));
  scene.connection->stream("one\n");
  scene.connection->stream("");
  EXPECT_EQ(scene.received(), "4\r\none\n\r\n");
  scene.send(kGet);  // the next one waits
  EXPECT_EQ(scene.asked.size(), 1u);
  scene.connection->end_stream();
  EXPECT_EQ(scene.received(), "0\r\n\r\n");
  EXPECT_EQ(scene.asked.size(), 2u);
}

TEST(HttpConnection, StreamsToHttp10UntilItsEnd) {
  Scene scene(/*answers=*/false);
  scene.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  scene.connection->begin_stream({});
  EXPECT_THAT(scene.received(), HasSubstr("Connection: close\r\n"));
  scene.connection->stream("one\n");
  scene.connection->end_stream();
  EXPECT_EQ(scene.received(), "one\n");
  EXPECT_TRUE(scene.gone);
}

TEST(HttpConnection, AStreamEndsWithItsClient) {
  Scene scene(/*answers=*/false);
  scene.send(kGet);
  scene.connection->begin_stream({});
  scene.peer.end();
  scene.settle();
  EXPECT_TRUE(scene.gone);
  Scene flooded(/*answers=*/false);
  flooded.send(kGet);
  flooded.connection->begin_stream({});
  flooded.send(std::string(65 * 1024, 'x'));
  EXPECT_TRUE(flooded.gone);
}

TEST(HttpConnection, TellsWhenAStreamHasRoomAndGivesUpOnWhoTakesNothing) {
  using namespace std::chrono_literals;
  Scene scene(/*answers=*/false);
  scene.send(kGet);
  scene.connection->begin_stream({});
  scene.settle();
  scene.peer.set_window(0);
  for (int i = 0; i < 100; ++i) scene.connection->stream(std::string(1024, 'x'));
  EXPECT_TRUE(scene.connection->congested());
  scene.peer.grant(80 * 1024);
  scene.settle();
  EXPECT_EQ(scene.drained, 1);
  scene.pass(5min);
  ASSERT_FALSE(scene.gone) << "who reads may read slowly";
  for (int i = 0; i < 100; ++i) scene.connection->stream(std::string(1024, 'x'));
  scene.peer.grant(1024);
  scene.pass(31s);
  ASSERT_FALSE(scene.gone) << "it has taken something";
  scene.pass(31s);
  EXPECT_TRUE(scene.gone);
}

TEST(HttpConnection, SurvivesAFailureAtEveryOperation) {
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 100);
    test::Faults faults{.fail_at = n};
    struct Owner final : HttpOwner, HttpHandler {
      explicit Owner(net::Loop& its_loop) : loop(its_loop) {}
      std::size_t most_body_bytes(const HttpConnection&, const http::RequestHead&) override { return 100; }
      void on_request(HttpConnection& asking, const http::RequestHead& head, std::string) override {
        if (head.method == "POST") return asking.answer({});
        asking.begin_stream({});
        asking.stream("x");
        asking.end_stream();
      }
      Answer refusal(int status) override { return {.status = status}; }
      void on_finished(HttpConnection&) override { loop.retire(std::move(connection)); }
      net::Loop& loop;
      std::unique_ptr<HttpConnection> connection;
    };
    net::Loop loop;
    Owner owner(loop);
    auto stream = std::make_unique<MemoryStream>(loop, MemoryStream::Options{.faults = &faults});
    MemoryPeer peer = stream->far_end();
    owner.connection = std::make_unique<HttpConnection>(loop, std::move(stream), owner, owner);
    owner.connection->start({1, 1});
    for (const std::string& part : {post("a").substr(0, 20), post("a").substr(20), std::string(kGet)}) {
      peer.send(part);
      for (int i = 0; i < 4; ++i) test::turn(loop);
    }
    peer.end();
    for (int i = 0; i < 4; ++i) test::turn(loop);
    if (!faults.fired()) break;
    owner.connection.reset();
  }
}

}  // namespace
}  // namespace tidegate::admin
