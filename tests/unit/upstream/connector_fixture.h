#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/log.h"
#include "gateway/upstream/connector.h"
#include "tests/unit/upstream/loopback.h"

namespace tidegate::upstream::testing_support {

/// Remembers how connecting ended; may do something at that moment.
struct Outcome final : ConnectListener {
  void on_connected(Connection c) override {
    ++calls;
    connection = std::move(c);
    if (then) then();
  }
  void on_connect_failed(const Error& e) override {
    ++calls;
    error = e;
    if (then) then();
  }

  int calls = 0;
  std::optional<Connection> connection;
  std::optional<Error> error;
  std::function<void()> then;
};

/// A stream's listener that remembers.
struct Reader final : net::StreamListener {
  void on_data(Bytes bytes) override { received += as_text(bytes); }
  void on_end(net::End) override { ended = true; }
  void on_error(const Error&) override { ended = true; }
  void on_drained() override {}
  std::string received;
  bool ended = false;
};

/// A loop, an upstream whose servers are named `server-0`, `server-1` ... at the addresses a test gives, and
/// the connector under test, made by the first call that needs it.
class ConnectorTest : public testing::Test {
 protected:
  ConnectorTest() {
    upstream.name = "app";
    log::capture([this](log::Level, std::string_view line) { logged.emplace_back(line); });
  }
  ~ConnectorTest() override { log::capture({}); }

  void add_server(std::vector<net::SocketAddress> addresses,
                  conf::Server::Scheme scheme = conf::Server::Scheme::http) {
    conf::Server server;
    server.scheme = scheme;
    server.host = "server-" + std::to_string(upstream.servers.size());
    server.text = "http://" + server.host;
    upstream.servers.push_back(server);
    places.push_back(std::move(addresses));
  }

  Connector& connector() {
    if (!connector_) {
      connector_ = std::make_unique<Connector>(loop, upstream, states, tls);
      for (std::size_t i = 0; i < places.size(); ++i) connector_->set_addresses(i, places[i]);
    }
    return *connector_;
  }

  bool run_until(const std::function<bool()>& condition) {
    return testing_support::run_until(loop, condition);
  }

  /// A new connection, or what stood in its way.
  void connect(Outcome& outcome, Connector::Wish wish = {}) {
    attempt = connector().connect(wish, outcome);
    EXPECT_EQ(outcome.calls, 0) << "never from within";
    EXPECT_TRUE(run_until([&] { return outcome.calls > 0; }));
  }

  Connection connected() {
    Outcome outcome;
    connect(outcome);
    EXPECT_TRUE(outcome.connection);
    if (!outcome.connection) std::abort();
    return std::move(*outcome.connection);
  }

  bool avoided(std::size_t server) {
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(loop.now().time_since_epoch()).count();
    return state(server)->avoid_until_ms > now;
  }
  std::shared_ptr<ServerState> state(std::size_t server) {
    return states.get(upstream.name, upstream.servers[server].text);
  }

  std::vector<std::string> logged;
  net::Loop loop;
  ServerStates states;
  conf::Upstream upstream;
  std::shared_ptr<tls::ClientContext> tls;
  std::vector<std::vector<net::SocketAddress>> places;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Attempt> attempt;  // before the connector ends, and with it
};

}  // namespace tidegate::upstream::testing_support
