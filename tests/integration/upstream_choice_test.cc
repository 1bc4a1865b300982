// Which server of an upstream gets a request: weights, stickiness, failures.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <memory>

#include "tests/integration/gateway.h"
#include "tests/integration/tls_peer.h"

namespace tidegate::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Servers on unix sockets, which go and come back under the same address.
class Servers {
 public:
  explicit Servers(const std::string& names) : names_(names) {
    for (const char name : names) up(name);
  }
  void up(char name) { servers_[name] = std::make_unique<ScriptedUpstream>(path(name)); }
  void down(char name) {
    servers_.erase(name);
    ::unlink(path(name).c_str());
  }
  /// For YAML; `more` goes into each server's map.
  std::string list(const std::map<char, std::string>& more = {}) const {
    std::string yaml = "[";
    for (const char name : names_) {
      if (yaml.size() > 1) yaml += ", ";
      yaml += "{ address: \"unix:" + path(name) + "\"";
      if (more.contains(name)) yaml += ", " + more.at(name);
      yaml += " }";
    }
    return yaml + "]";
  }
  /// The next that the gateway connects to, and the connection.
  std::pair<char, Peer> accept() {
    char chosen = '-';
    EXPECT_TRUE(eventually([&] {
      for (auto& [name, server] : servers_) {
        if (!server->nobody_for(std::chrono::milliseconds(0))) chosen = name;
      }
      return chosen != '-';
    })) << "nobody connected to any server";
    return {chosen, chosen == '-' ? Peer(-1) : servers_[chosen]->accept()};
  }

 private:
  std::string path(char name) const { return dir_.path() + "/" + name; }

  TempDir dir_;
  std::string names_;
  std::map<char, std::unique_ptr<ScriptedUpstream>> servers_;
};

/// One worker: each has a turn of its own.
std::string choosing(const Servers& servers, const std::string& how,
                     const std::map<char, std::string>& more = {}) {
  return Gateway::in_front_of("{ servers: " + servers.list(more) + how + " }", "workers: 1\n");
}

struct Answer {
  char server;
  std::string head;  ///< what the client got
  /// The value of our cookie, as Set-Cookie gives it; empty: none was set.
  std::string cookie() const {
    const std::size_t at = head.find("Set-Cookie: stay=");
    if (at == std::string::npos) return {};
    const std::size_t begin = head.find('=', at) + 1;
    return head.substr(begin, head.find(';', begin) - begin);
  }
};

/// A request and its answer, on an upstream connection of its own.
Answer ask(Peer& client, Servers& servers, const std::string& target = "/", const std::string& fields = "") {
  client.send("GET " + target + " HTTP/1.1\r\nHost: example.com\r\n" + fields + "\r\n");
  auto [name, server] = servers.accept();
  server.read_head();
  server.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  server.expect_end();
  return {name, client.read_head()};
}

std::string cookie_field(const std::string& value) {
  return "Cookie: other=1; stay=" + value + "\r\n";
}

TEST(UpstreamChoice, FollowsTheWeights) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, "", {{'a', "weight: 3"}}));
  Peer client = gateway.connect();
  std::map<char, int> times;
  for (int i = 0; i < 12; ++i) ++times[ask(client, servers).server];
  EXPECT_THAT(times, ElementsAre(std::pair('a', 9), std::pair('b', 3)));
}

TEST(UpstreamChoice, LeavesABackupAloneUntilItIsNeeded) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, "", {{'a', "backup: true"}}));
  Peer client = gateway.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ('b', ask(client, servers).server);
  servers.down('b');
  for (int i = 0; i < 3; ++i) EXPECT_EQ('a', ask(client, servers).server);
}

TEST(UpstreamChoice, GivesAHandshakeToTheServerWithTheFewestTunnels) {
  Servers servers("abc");
  Gateway gateway(choosing(servers, ", balance: least_tunnels"));
  struct Open {
    Peer client, server;
  };
  std::multimap<char, Open> open;
  const auto open_one = [&] {
    Peer client = gateway.connect();
    client.send(handshake_request());
    auto [name, server] = servers.accept();
    server.read_head();
    server.send(handshake_response());
    client.read_head();
    open.emplace(name, Open{std::move(client), std::move(server)});
    return name;
  };
  for (int i = 0; i < 6; ++i) open_one();
  for (const char name : {'a', 'b', 'c'}) EXPECT_EQ(2u, open.count(name)) << name;
  open.erase('b');
  EXPECT_TRUE(eventually([&] { return gateway.server().residents() == 4; }));
  EXPECT_EQ('b', open_one());
  EXPECT_EQ('b', open_one());
}

TEST(UpstreamChoice, SticksToOneServerByAHash) {
  Servers servers("abcd");
  Gateway gateway(choosing(servers, ", sticky: { hash: $arg_sid }"));
  Peer client = gateway.connect();
  std::map<char, int> times;
  for (int value = 0; value < 12; ++value) {
    const std::string target = "/?sid=" + std::to_string(value);
    const char chosen = ask(client, servers, target).server;
    EXPECT_EQ(chosen, ask(client, servers, target).server) << target;
    EXPECT_EQ(chosen, ask(client, servers, "/elsewhere?x=y&sid=" + std::to_string(value)).server) << target;
    ++times[chosen];
  }
  EXPECT_GT(times.size(), 1u);
}

TEST(UpstreamChoice, BalancesWhatHasNoHashValue) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ", sticky: { hash: $arg_sid }"));
  Peer client = gateway.connect();
  std::map<char, int> times;
  for (const char* target : {"/", "/?sid=", "/?other=1", "/?sid"})
    ++times[ask(client, servers, target).server];
  EXPECT_THAT(times, ElementsAre(std::pair('a', 2), std::pair('b', 2)));
}

TEST(UpstreamChoice, AFailedServersHashGoesToAnotherAndComesBack) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ", sticky: { hash: $arg_sid }"));
  Peer client = gateway.connect();
  const char home = ask(client, servers, "/?sid=7").server;
  const char other = home == 'a' ? 'b' : 'a';
  servers.down(home);
  EXPECT_EQ(other, ask(client, servers, "/?sid=7").server);
  servers.down(other);
  servers.up(home);  // still avoided, but the only one left
  EXPECT_EQ(home, ask(client, servers, "/?sid=7").server);
  servers.up(other);
  EXPECT_EQ(home, ask(client, servers, "/?sid=7").server);
}

TEST(UpstreamChoice, SticksToOneServerByACookieThatSaysNothingOfIt) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ", sticky: { cookie: stay }"));
  Peer client = gateway.connect();
  const Answer first = ask(client, servers);
  EXPECT_THAT(first.head, HasSubstr("\r\nSet-Cookie: stay="));
  EXPECT_THAT(first.head, AllOf(HasSubstr("; HttpOnly"), HasSubstr("; Path=/"), HasSubstr("; SameSite=Lax")));
  EXPECT_THAT(first.head, Not(HasSubstr("Secure")));
  EXPECT_THAT(first.cookie(), testing::MatchesRegex("[A-Za-z0-9_-]{16}"));
  for (int i = 0; i < 4; ++i) {
    const Answer again = ask(client, servers, "/", cookie_field(first.cookie()));
    EXPECT_EQ(first.server, again.server);
    EXPECT_THAT(again.head, Not(HasSubstr("Set-Cookie")));
  }
}

TEST(UpstreamChoice, AForeignCookieIsReplaced) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ", sticky: { cookie: stay }"));
  Peer client = gateway.connect();
  EXPECT_NE("", ask(client, servers, "/", cookie_field("made-up")).cookie());
  EXPECT_NE("", ask(client, servers, "/", cookie_field("")).cookie());
}

TEST(UpstreamChoice, TheCookieComesWithThe101Too) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ", sticky: { cookie: stay }"));
  Peer client = gateway.connect();
  client.send(handshake_request());
  auto [name, server] = servers.accept();
  server.read_head();
  server.send(handshake_response());
  const Answer opened{name, client.read_head()};
  EXPECT_THAT(opened.head, StartsWith("HTTP/1.1 101 "));
  Peer next = gateway.connect();
  EXPECT_EQ(name, ask(next, servers, "/", cookie_field(opened.cookie())).server);
}

TEST(UpstreamChoice, ACookieOutlivesTheGateway) {
  Servers servers("abcd");
  Answer before;
  {
    Gateway gateway(choosing(servers, ", sticky: { cookie: stay }"));
    Peer client = gateway.connect();
    before = ask(client, servers);
  }
  Gateway gateway(choosing(servers, ", sticky: { cookie: stay }"));
  Peer client = gateway.connect();
  for (int i = 0; i < 4; ++i) {
    const Answer after = ask(client, servers, "/", cookie_field(before.cookie()));
    EXPECT_EQ(before.server, after.server);
    EXPECT_EQ("", after.cookie());
  }
}

TEST(UpstreamChoice, ACookieWhoseServerIsDownGetsAnotherServerAndCookie) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ", sticky: { cookie: stay }"));
  Peer client = gateway.connect();
  const Answer first = ask(client, servers);
  servers.down(first.server);
  const Answer second = ask(client, servers, "/", cookie_field(first.cookie()));
  EXPECT_NE(first.server, second.server);
  EXPECT_NE("", second.cookie());
  EXPECT_NE(first.cookie(), second.cookie());
  servers.up(first.server);
  const Answer third = ask(client, servers, "/", cookie_field(second.cookie()));
  EXPECT_EQ(second.server, third.server);
  EXPECT_EQ("", third.cookie());
}

TEST(UpstreamChoice, TheCookieIsSecureUnderTls) {
  Servers servers("ab");
  TempDir dir;
  const Issued issued = Authority().issue({.names = {"example.com"}});
  dir.write("a.pem", issued.certificate);
  dir.write("a.key", issued.private_key);
  Gateway gateway(
      "listeners:\n  https:\n    address: \"127.0.0.1:0\"\n    tls: { certificates: [{ certificate: " +
      dir.path() + "/a.pem, private_key: " + dir.path() +
      "/a.key }] }\nroutes:\n  - upstream: app\nupstreams:\n  app: { servers: " + servers.list() +
      ", sticky: { cookie: stay } }\n");
  Peer client = connect_tls(gateway.port());
  EXPECT_THAT(ask(client, servers).head, HasSubstr("; Secure"));
}

TEST(UpstreamChoice, AFailedServerIsAvoidedThenTriedAgainWhenNothingElseIsLeft) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ""));
  Peer client = gateway.connect();
  servers.down('a');
  for (int i = 0; i < 4; ++i) EXPECT_EQ('b', ask(client, servers).server);
  servers.up('a');  // nobody noticed yet: avoided for 10 s
  for (int i = 0; i < 4; ++i) EXPECT_EQ('b', ask(client, servers).server);
  servers.down('b');
  EXPECT_EQ('a', ask(client, servers).server);
  servers.up('b');  // and now b is the avoided one
  for (int i = 0; i < 4; ++i) EXPECT_EQ('a', ask(client, servers).server);
}

TEST(UpstreamChoice, WithEveryServerDownTheAnswerIs502AndTheConnectionGoesOn) {
  Servers servers("ab");
  Gateway gateway(choosing(servers, ""));
  Peer client = gateway.connect();
  servers.down('a');
  servers.down('b');
  client.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502 "));
  servers.up('b');
  EXPECT_EQ('b', ask(client, servers).server);
}

}  // namespace
}  // namespace tidegate::test
