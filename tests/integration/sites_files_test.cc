// A site of nginx's: files, whole and in parts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/site_gateway.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A folder with files that a site serves.
class SitesFiles : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& content) {
    std::ofstream(dir_.path() + "/" + name) << content;
  }
  SiteGateway::Upstreams none() const { return {{"app", {"http://127.0.0.1:1"}}}; }
  std::function<void(Site&)> root() {
    return [this](Site& site) {
      conf::FileRules& files = site.at("/").files;
      files.root.value = dir_.path();
      files.types = std::make_shared<const std::map<std::string, std::string>>(
          std::map<std::string, std::string>{{"txt", "text/plain"}});
    };
  }
  static std::string get(const std::string& path, const std::string& more = "",
                         const std::string& method = "GET") {
    return method + " " + path + " HTTP/1.1\r\nHost: example.com\r\n" + more + "\r\n";
  }

  TempDir dir_;
};

TEST_F(SitesFiles, AreSentWholeAndTheConnectionGoesOn) {
  write("a.txt", "0123456789");
  write("empty.txt", "");
  SiteGateway gateway(none(), root());
  Peer client = gateway.connect();
  client.send(get("/a.txt"));
  const std::string answer = client.read_message();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(answer, HasSubstr("Last-Modified: "));
  EXPECT_THAT(answer, HasSubstr("ETag: \""));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n0123456789"));
  client.send(get("/empty.txt"));
  EXPECT_THAT(client.read_message(), HasSubstr("Content-Length: 0\r\n"));
  client.send(get("/a.txt", "", "HEAD"));
  EXPECT_THAT(client.read_head(), HasSubstr("Content-Length: 10\r\n"));
  client.send(get("/none.txt"));
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 404"));
}

TEST_F(SitesFiles, AreSentInParts) {
  write("a.txt", "0123456789");
  SiteGateway gateway(none(), root());
  Peer client = gateway.connect();
  client.send(get("/a.txt", "Range: bytes=2-4\r\n"));
  const std::string part = client.read_message();
  EXPECT_THAT(part, StartsWith("HTTP/1.1 206 Partial Content\r\n"));
  EXPECT_THAT(part, HasSubstr("Content-Range: bytes 2-4/10\r\n"));
  EXPECT_THAT(part, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(part, testing::EndsWith("\r\n\r\n234"));

  client.send(get("/a.txt", "Range: bytes=0-1,-1\r\n"));
  const std::string parts = client.read_message();
  EXPECT_THAT(parts, StartsWith("HTTP/1.1 206"));
  EXPECT_THAT(parts, HasSubstr("Content-Type: multipart/byteranges; boundary="));
  EXPECT_THAT(parts, HasSubstr("Content-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--"));
  EXPECT_THAT(parts, HasSubstr("Content-Range: bytes 9-9/10\r\n\r\n9\r\n--"));
  EXPECT_THAT(parts, testing::EndsWith("--\r\n"));

  client.send(get("/a.txt", "Range: bytes=20-\r\n"));
  const std::string beyond = client.read_message();
  EXPECT_THAT(beyond, StartsWith("HTTP/1.1 416"));
  EXPECT_THAT(beyond, HasSubstr("Content-Range: bytes */10\r\n"));
}

TEST_F(SitesFiles, AreNotSentAgainToWhoHasThem) {
  write("a.txt", "0123456789");
  SiteGateway gateway(none(), root());
  Peer client = gateway.connect();
  client.send(get("/a.txt"));
  const std::string first = client.read_message();
  const std::size_t at = first.find("ETag: ") + 6;
  const std::string tag = first.substr(at, first.find("\r\n", at) - at);
  client.send(get("/a.txt", "If-None-Match: " + tag + "\r\n"));
  const std::string answer = client.read_head();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_THAT(answer, HasSubstr("ETag: " + tag));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  client.send(get("/a.txt"));
  EXPECT_THAT(client.read_message(), testing::EndsWith("0123456789"));
}

TEST_F(SitesFiles, AreSentAsFastAsTheyAreTaken) {
  const std::string content(8 * kMiB, 'f');
  write("big.txt", content);
  SiteGateway gateway(none(), root());
  Peer client = Peer::connect(gateway.port(), /*receive_buffer=*/16 * 1024);
  client.send(get("/big.txt"));
  const std::string head = client.read_head();
  EXPECT_THAT(head, HasSubstr("Content-Length: " + std::to_string(content.size())));
  EXPECT_EQ(client.read_exactly(content.size()), content);
  client.send(get("/none.txt"));
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 404"));
}

TEST_F(SitesFiles, EndWithAClientThatGoes) {
  write("big.txt", std::string(8 * kMiB, 'f'));
  SiteGateway gateway(none(), root());
  Peer client = Peer::connect(gateway.port(), /*receive_buffer=*/4096);
  client.send(get("/big.txt"));
  client.read_head();
  client.reset();
  EXPECT_TRUE(gateway.empties());
}

TEST_F(SitesFiles, ReachAClientThatHasEndedItsSide) {
  const std::string content(1 * kMiB, 'f');
  write("big.txt", content);
  SiteGateway gateway(none(), root());
  Peer client = Peer::connect(gateway.port(), /*receive_buffer=*/4096);
  client.send(get("/big.txt"));
  client.shutdown_write();
  EXPECT_THAT(client.read_to_end(), testing::EndsWith(content));
}

TEST_F(SitesFiles, AreErrorPagesToo) {
  write("50x.html", "sorry");
  SiteGateway gateway({{"app", {"http://127.0.0.1:" + std::to_string(closed_port())}}}, [this](Site& site) {
    conf::Location& app = site.at("/");
    Site::pass(app, "app");
    Site::error_page(app, {502, 504}, "/50x.html");
    conf::Location& page = site.exactly("/50x.html");
    page.files.root.value = dir_.path();
  });
  Peer client = gateway.connect();
  client.send(get("/"));
  const std::string answer = client.read_message();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nsorry"));
  client.send(get("/"));
  EXPECT_THAT(client.read_message(), HasSubstr("sorry"));
}

}  // namespace
}  // namespace tidegate::test
