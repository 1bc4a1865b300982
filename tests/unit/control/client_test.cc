// The client against a server on a unix socket that answers as the test says.

#include "gateway/control/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder of its own with a socket in it. Answers one request, in pieces, then closes.
class Stub {
 public:
  Stub() {
    char name[] = "/tmp/tidegate-control-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/admin.sock";
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path_.begin(), path_.end(), address.sun_path);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
  }
  ~Stub() {
    if (thread_.joinable()) thread_.join();
    stop();
    std::filesystem::remove_all(folder_);
  }
  void stop() {
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
  }

  void answer(std::vector<std::string> pieces) {
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([this, pieces = std::move(pieces)] {
      const int connection = ::accept(listener_, nullptr, nullptr);
      read_request(connection);
      for (const std::string& piece : pieces) {
        if (piece.empty()) continue;  // a client that has its answer may be gone
        EXPECT_EQ(::send(connection, piece.data(), piece.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(piece.size()));
      }
      ::close(connection);
    });
  }
  /// The request is complete when it ends so.
  void expect_body(std::string end) { body_end_ = std::move(end); }
  /// What came, once it has been answered.
  const std::string& request() {
    thread_.join();
    return request_;
  }
  const std::string& path() const { return path_; }
  Client client() const { return Client({.unix_path = path_, .host = "", .port = 0, .found = "a test"}); }

 private:
  void read_request(int connection) {
    request_.clear();
    char bytes[1024];
    while (request_.find("\r\n\r\n") == std::string::npos || !request_.ends_with(body_end_)) {
      const ssize_t got = ::recv(connection, bytes, sizeof bytes, 0);
      if (got <= 0) return;
      request_.append(bytes, static_cast<std::size_t>(got));
    }
  }

  std::string folder_;
  std::string path_;
  int listener_ = -1;
  std::string request_;
  std::string body_end_;
  std::thread thread_;
};

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Client, AsksAndHears) {
  Stub stub;
  stub.answer({ok(R"({"version": "0.1.0"})")});
  Failure failure;
  const auto answer = stub.client().ask_json({.target = "/status"}, failure);
  ASSERT_TRUE(answer) << failure.words;
  EXPECT_EQ((*answer)["version"], "0.1.0");
  EXPECT_EQ(stub.request(), "GET /status HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n");
}

TEST(Client, SendsABody) {
  Stub stub;
  stub.expect_body("listeners: {}\n");
  stub.answer({ok("{}")});
  Failure failure;
  ASSERT_TRUE(
      stub.client().ask({.method = "POST", .target = "/plan?file=%2Fx", .body = "listeners: {}\n"}, failure))
      << failure.words;
  EXPECT_EQ(stub.request(),
            "POST /plan?file=%2Fx HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 14\r\n\r\n"
            "listeners: {}\n");
}

TEST(Client, FollowsLinesHoweverTheyAreCut) {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n4\r\n{\"b\"\r\n4\r\n:2}\n\r\n0\r\n\r\n";
  for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
    Stub stub;
    stub.answer({answer.substr(0, cut), answer.substr(cut)});
    std::vector<std::string> lines;
    Failure failure;
    EXPECT_TRUE(stub.client().follow(
        {.target = "/x"}, [&](std::string_view line) { lines.emplace_back(line); }, failure))
        << failure.words;
    EXPECT_THAT(lines, ElementsAre("{\"a\":1}", "{\"b\":2}")) << "cut at " << cut;
  }
}

TEST(Client, HandsOnWhatTheGatewayHasAgainstIt) {
  Stub stub;
  const std::string body = R"({"error": "no such tunnel; \u001b[2J"})";
  stub.answer(
      {"HTTP/1.1 404 Not Found\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body});
  Failure failure;
  EXPECT_FALSE(stub.client().ask({.target = "/tunnels/x"}, failure));
  EXPECT_EQ(failure.kind, Failure::Kind::refused);
  EXPECT_EQ(failure.words, "no such tunnel; \\x1b[2J");
  stub.answer({"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_FALSE(stub.client().follow(
      {.target = "/x"}, [](std::string_view) { FAIL(); }, failure));
  EXPECT_EQ(failure.words, "the gateway answered 500");
}

TEST(Client, ARefusedReloadIsAnAnswer) {
  Stub stub;
  const std::string body = R"({"applied": false, "diagnostics": []})";
  stub.answer(
      {"HTTP/1.1 422 Unprocessable\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body});
  Failure failure;
  const auto answer = stub.client().ask_json({.method = "POST", .target = "/reload"}, failure);
  ASSERT_TRUE(answer) << failure.words;
  EXPECT_EQ((*answer)["applied"], false);
  const std::string error = R"({"error": "weight is no number; 1 to 100"})";
  stub.answer(
      {"HTTP/1.1 422 Unprocessable\r\nContent-Length: " + std::to_string(error.size()) + "\r\n\r\n" + error});
  EXPECT_FALSE(stub.client().ask_json({.method = "POST", .target = "/x"}, failure));
  EXPECT_EQ(failure.words, "weight is no number; 1 to 100");
}

TEST(Client, SaysWhatAnswersIfItIsNoGateway) {
  Stub stub;
  Failure failure;
  for (const char* bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"}) {
    stub.answer({bytes});
    EXPECT_FALSE(stub.client().ask_json({.target = "/status"}, failure)) << bytes;
    EXPECT_EQ(failure.kind, Failure::Kind::broken) << bytes;
    EXPECT_THAT(failure.words, HasSubstr(stub.path())) << bytes;
  }
  stub.answer({ok("<html>")});
  EXPECT_FALSE(stub.client().ask_json({.target = "/status"}, failure));
  EXPECT_THAT(failure.words, HasSubstr("no JSON"));
}

TEST(Client, DoesNotWaitForEver) {
  const Stub stub;  // listens, and never answers
  Failure failure;
  EXPECT_FALSE(stub.client().ask({.target = "/status", .patience = 50ms}, failure));
  EXPECT_EQ(failure.kind, Failure::Kind::timeout);
  EXPECT_THAT(failure.words, HasSubstr("no answer in time from unix:" + stub.path() + " (a test)"));
}

TEST(Client, SaysWhereItLookedAndWhatElseToTry) {
  Failure failure;
  const auto ask = [&failure](Address address) {
    EXPECT_FALSE(Client(std::move(address)).ask({.target = "/status"}, failure));
    return failure.words;
  };
  EXPECT_THAT(
      ask({.unix_path = "/nowhere/admin.sock", .host = "", .port = 0, .found = "the default"}),
      HasSubstr("there is no socket at unix:/nowhere/admin.sock (the default); is the gateway running"));
  EXPECT_EQ(failure.kind, Failure::Kind::nobody);
  Stub stub;
  stub.stop();
  EXPECT_THAT(ask({.unix_path = stub.path(), .host = "", .port = 0, .found = ""}),
              HasSubstr("nobody listens at unix:" + stub.path()));
  EXPECT_THAT(ask({.unix_path = std::string(200, 'x'), .host = "", .port = 0, .found = ""}),
              HasSubstr("at most 107 bytes"));
  EXPECT_THAT(ask({.unix_path = "/etc/passwd", .host = "", .port = 0, .found = ""}),
              HasSubstr("unix:/etc/passwd"));
  EXPECT_THAT(ask({.unix_path = "", .host = "::1", .port = 1, .found = ""}), HasSubstr("[::1]:1"));
}

/// Root may do anything, so that the question is asked by a child that is nobody.
TEST(Client, SaysWhoMayUseTheSocket) {
  Stub stub;
  ASSERT_EQ(::chmod(stub.path().c_str(), 0), 0);
  ASSERT_EQ(::chmod(std::filesystem::path(stub.path()).parent_path().c_str(), 0755), 0);
  int words[2];
  ASSERT_EQ(::pipe(words), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    Failure failure;
    stub.client().ask({.target = "/status"}, failure);
    const std::string told = failure.kind == Failure::Kind::forbidden ? failure.words : "not forbidden";
    ::_exit(::write(words[1], told.data(), told.size()) < 0 ? 1 : 0);
  }
  ::close(words[1]);
  char told[1000] = {};
  EXPECT_GT(::read(words[0], told, sizeof told - 1), 0);
  ::close(words[0]);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(std::string(told), "no permission to use unix:" + stub.path() +
                                   " (a test); run this as root or as the gateway's user");
}

TEST(Client, EncodesWhatStandsInATarget) {
  EXPECT_EQ(segment("http://chat-1:3000"), "http%3A%2F%2Fchat-1%3A3000");
  EXPECT_EQ(segment("a b\r\n%?#"), "a%20b%0D%0A%25%3F%23");
  EXPECT_EQ(segment("unix:/run/app.sock"), "unix%3A%2Frun%2Fapp.sock");
}

}  // namespace
}  // namespace tidegate::control
