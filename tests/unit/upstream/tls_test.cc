#include <gmock/gmock.h>

#include "gateway/tls/server_context.h"
#include "tests/unit/upstream/connector_fixture.h"

namespace tidegate::upstream {
namespace {

using namespace testing_support;
using Wish = Connector::Wish;
using Scheme = conf::Server::Scheme;

/// A server that speaks TLS with a certificate made for `name`, and sends back what it gets.
class TlsServer final : public net::AcceptListener {
 public:
  TlsServer(net::Loop& loop, tls::Library& library, const std::string& name) : loop_(loop) {
    conf::ListenerTls conf;
    conf.self_signed_for = {name};
    Diagnostics diagnostics;
    auto material = tls::ServerMaterial::load(conf, "test", diagnostics);
    EXPECT_FALSE(diagnostics.failed());
    context_ = tls::ServerContext::make(library, material, tls::make_ticket_keys());
    auto socket = net::ListeningSocket::bind({*IpAddress::parse("127.0.0.1"), 0, {}}, false);
    EXPECT_TRUE(socket);
    address_ = socket.value().local();
    acceptor_ = std::make_unique<net::Acceptor>(loop, std::move(socket).value(), *this);
  }
  const net::SocketAddress& address() const { return address_; }

  struct Peer final : net::StreamListener {
    void on_open() override { stream->start_reading(); }
    void on_data(Bytes bytes) override { stream->write(bytes); }
    void on_end(net::End) override {}
    void on_error(const Error&) override {}
    void on_drained() override {}
    std::unique_ptr<net::Stream> stream;
  };

  void on_accept(std::unique_ptr<net::Stream> stream) override {
    Peer& peer = *peers.emplace_back(std::make_unique<Peer>());
    peer.stream = context_->accept(loop_, std::move(stream), peer);
  }
  void on_descriptors_exhausted(bool) override {}

  std::vector<std::unique_ptr<Peer>> peers;

 private:
  net::Loop& loop_;
  std::shared_ptr<tls::ServerContext> context_;
  net::SocketAddress address_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

class DiallingTls : public ConnectorTest {
 protected:
  void use_tls(bool verify) {
    upstream.tls.verify = verify;
    Diagnostics diagnostics;
    tls = tls::ClientContext::make(library, tls::ClientMaterial::load(upstream.tls, diagnostics));
  }
  tls::Library library;
};

TEST_F(DiallingTls, ConnectsKeepsAndReuses) {
  TlsServer server(loop, library, "server-0");
  add_server({server.address()}, Scheme::https);
  use_tls(false);
  Connection connection = connected();
  ASSERT_NE(connection.stream->tls(), nullptr);
  connector().keep(std::move(connection), -1);
  bool turned = false;  // tickets come after the handshake, and are nothing that was not asked for
  for (int i = 0; i < 5; ++i, turned = false) {
    loop.post([&] { turned = true; });
    ASSERT_TRUE(run_until([&] { return turned; }));
  }
  Wish wish;
  auto again = connector().take_idle(wish);
  ASSERT_TRUE(again);
  Reader reader;
  again->stream->set_listener(reader);
  again->stream->start_reading();
  again->stream->write(as_bytes("echo"));
  EXPECT_TRUE(run_until([&] { return reader.received == "echo"; }));
}

TEST_F(DiallingTls, FailsWhereTheNameIsNone) {
  TlsServer server(loop, library, "server-0");
  add_server({server.address()}, Scheme::https);
  use_tls(false);
  Wish wish;
  wish.tls_name = std::string(256, 'a');
  Outcome outcome;
  connect(outcome, wish);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->reason, Reason::upstream_tls_failed);
}

TEST_F(DiallingTls, RefusesACertificateNobodySigned) {
  TlsServer server(loop, library, "server-0");
  LoopbackServer plain(loop);
  add_server({server.address()}, Scheme::https);
  add_server({plain.address()});
  use_tls(true);
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.connection) << "the next server answers";
  EXPECT_EQ(outcome.connection->server->index, 1u);
  EXPECT_TRUE(avoided(0));
}

TEST_F(DiallingTls, SaysThatTlsFailed) {
  TlsServer server(loop, library, "server-0");
  add_server({server.address()}, Scheme::https);
  use_tls(true);
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::upstream_tls_failed);
}

TEST_F(DiallingTls, CountsTheHandshakeIntoTheSameTime) {
  LoopbackServer mute(loop);
  add_server({mute.address()}, Scheme::https);
  use_tls(false);
  Outcome outcome;
  Wish wish;
  wish.timeout = 100ms;
  connect(outcome, wish);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::upstream_connect_timeout);
}

TEST_F(DiallingTls, IsCancelledWithinTheHandshake) {
  LoopbackServer mute(loop);
  add_server({mute.address()}, Scheme::https);
  use_tls(false);
  Outcome outcome;
  attempt = connector().connect({}, outcome);
  ASSERT_TRUE(run_until([&] { return !mute.peers().empty() && !mute.peers()[0]->received.empty(); }));
  attempt.reset();
  EXPECT_TRUE(run_until([&] { return mute.peers()[0]->ended; }));
  EXPECT_EQ(outcome.calls, 0);
}

}  // namespace
}  // namespace tidegate::upstream
