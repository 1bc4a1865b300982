#include "gateway/tls/client_context.h"

#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "tests/unit/tls/harness.h"

namespace tidegate::tls {
namespace {

class ClientContextTest : public testing::Test {
 protected:
  ClientContextTest() {
    conf.ca.value = files.write("ca.pem", authority.certificate());
    log::capture([this](log::Level, std::string_view line) { logged += std::string(line) + "\n"; });
  }
  ~ClientContextTest() override { log::capture({}); }

  std::shared_ptr<ClientContext> make() {
    Diagnostics diagnostics;
    const auto material = ClientMaterial::load(conf, diagnostics);
    for (const Diagnostic& each : diagnostics.list()) ADD_FAILURE() << to_string(each);
    return ClientContext::make(library, material);
  }

  /// A client of ours against OpenSSL's server.
  struct Talk {
    Recorder client;
    std::unique_ptr<RawPeer> server;
  };
  std::unique_ptr<Talk> connect(const std::string& host, SSL_CTX* server,
                                const std::optional<std::string>& name = std::nullopt) {
    if (context == nullptr) context = make();
    const SocketPair pair;
    auto talk = std::make_unique<Talk>();
    talk->server = std::make_unique<RawPeer>(pair.theirs, server, true);
    talk->client.stream =
        context->connect(loop.loop(), net::adopt(loop.loop(), pair.ours), host, talk->client, name);
    return talk;
  }
  bool agrees(Talk& talk) {
    const bool done = talk.server->shake_hands(loop);
    const bool heard = loop.until([&] {
      talk.server->pump();
      return talk.client.opened || talk.client.error.has_value();
    });
    return done && heard && talk.client.opened;
  }
  bool until(Talk& talk, const std::function<bool()>& condition) {
    return loop.until([&] {
      talk.server->pump();
      talk.server->read();
      return condition();
    });
  }
  void expect_failure(const std::string& name, SSL_CTX* server, const std::string& words) {
    logged.clear();
    const auto talk = connect(name, server);
    EXPECT_FALSE(agrees(*talk)) << name;
    ASSERT_TRUE(talk->client.error.has_value());
    EXPECT_EQ(talk->client.error->reason, Reason::upstream_tls_failed);
    EXPECT_NE(logged.find(words), std::string::npos) << logged;
    context.reset();  // another context is another second
  }

  TestLoop loop;
  test::Authority authority;
  test::TempDir files;
  conf::UpstreamTls conf;
  Library library;
  std::shared_ptr<ClientContext> context;
  std::string logged;
};

TEST_F(ClientContextTest, ConnectsToAServerThatItTrusts) {
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  const auto talk = connect("app.example", server.get());
  ASSERT_TRUE(agrees(*talk)) << talk->server->error << logged;
  EXPECT_STREQ(SSL_get_servername(talk->server->ssl(), TLSEXT_NAMETYPE_host_name), "app.example");
  talk->client.stream->write(as_bytes("ping"));
  ASSERT_TRUE(until(*talk, [&] { return talk->server->data == "ping"; }));
  talk->server->write("pong");
  EXPECT_TRUE(until(*talk, [&] { return talk->client.data == "pong"; }));
}

TEST_F(ClientContextTest, VerifiesAddresses) {
  const CtxPtr server = server_ctx(authority.issue({.names = {"127.0.0.1"}}));
  const auto talk = connect("127.0.0.1", server.get());
  ASSERT_TRUE(agrees(*talk)) << logged;
  EXPECT_EQ(SSL_get_servername(talk->server->ssl(), TLSEXT_NAMETYPE_host_name), nullptr);
  expect_failure("127.0.0.2", server.get(), "IP address mismatch");
}

TEST_F(ClientContextTest, ShowsItsCertificateAndKeepsTheNameToItself) {
  const test::Issued ours = authority.issue({.names = {"gateway"}});
  conf.certificate = conf::Certificate{{files.write("own.pem", ours.certificate), {}},
                                       {files.write("own.key", ours.private_key), {}}};
  conf.send_name = false;
  conf.protocols = {conf::TlsVersion::tls1_2};
  conf.ciphers.value = "ECDHE-ECDSA-AES256-GCM-SHA384";
  Diagnostics diagnostics;
  EXPECT_NE(ClientMaterial::load(conf, diagnostics), nullptr);
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  SSL_CTX_set_verify(server.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int, X509_STORE_CTX*) { return 1; });
  const auto talk = connect("app.example", server.get());
  ASSERT_TRUE(agrees(*talk)) << talk->server->error << logged;
  EXPECT_EQ(shown_name(talk->server->ssl()), "gateway");
  EXPECT_EQ(SSL_get_servername(talk->server->ssl(), TLSEXT_NAMETYPE_host_name), nullptr);
  EXPECT_EQ(info_of(talk->client).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
}

TEST_F(ClientContextTest, ComplainsOfEveryFile) {
  const test::Issued ours = authority.issue({.names = {"gateway"}});
  conf.certificate = conf::Certificate{
      {files.write("own.pem", ours.certificate), {"n.conf", 1, 1}},
      {files.write("own.key", authority.issue({.names = {"other"}}).private_key), {"n.conf", 2, 1}}};
  conf.crl = {files.write("crl.pem", "nothing"), {"n.conf", 3, 1}};
  conf.ca = {"/nowhere/ca.pem", {"n.conf", 5, 1}};
  conf.ciphers = {"NONSENSE", {"n.conf", 4, 1}};
  Diagnostics diagnostics;
  EXPECT_EQ(ClientMaterial::load(conf, diagnostics), nullptr);
  std::string all;
  for (const Diagnostic& each : diagnostics.list()) all += to_string(each) + '\n';
  EXPECT_NE(all.find("n.conf:2:1: private key "), std::string::npos) << all;
  EXPECT_NE(all.find("n.conf:3:1: "), std::string::npos) << all;
  EXPECT_NE(all.find("n.conf:4:1: ciphers: "), std::string::npos) << all;
  EXPECT_NE(all.find("n.conf:5:1: can't read ca /nowhere/ca.pem"), std::string::npos) << all;
}

TEST_F(ClientContextTest, NeedsNoFileOnceTheMaterialIsLoaded) {
  const test::Issued ours = authority.issue({.names = {"gateway"}});
  conf.certificate = conf::Certificate{{files.write("own.pem", ours.certificate), {}},
                                       {files.write("own.key", ours.private_key), {}}};
  Diagnostics diagnostics;
  const auto material = ClientMaterial::load(conf, diagnostics);
  ASSERT_NE(material, nullptr);
  for (const conf::Text* path : {&conf.ca, &conf.certificate->certificate, &conf.certificate->private_key})
    ASSERT_EQ(::unlink(path->value.c_str()), 0);
  context = ClientContext::make(library, material);
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  SSL_CTX_set_verify(server.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int, X509_STORE_CTX*) { return 1; });
  const auto talk = connect("app.example", server.get());
  ASSERT_TRUE(agrees(*talk)) << talk->server->error << logged;
  EXPECT_EQ(shown_name(talk->server->ssl()), "gateway");
}

TEST_F(ClientContextTest, VerifiesTheNameOfTheConnectionInstead) {
  conf.server_name = "service.internal";
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  const auto talk = connect("10.0.0.1", server.get(), "app.example");
  ASSERT_TRUE(agrees(*talk)) << logged;
  EXPECT_STREQ(SSL_get_servername(talk->server->ssl(), TLSEXT_NAMETYPE_host_name), "app.example");
  EXPECT_FALSE(agrees(*connect("app.example", server.get(), "other.example")));
}

TEST_F(ClientContextTest, TrustsNobodyWhereTheNameIsEmpty) {
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  EXPECT_FALSE(agrees(*connect("app.example", server.get(), "")));
  EXPECT_NE(logged.find("hostname mismatch"), std::string::npos) << logged;
}

TEST_F(ClientContextTest, TakesNoNameThatIsNone) {
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  for (const bool verify : {true, false}) {
    conf.verify = verify;
    context.reset();
    for (const std::string& name : {std::string("app.example\0.evil", 17), std::string(256, 'a')})
      EXPECT_EQ(connect("app.example", server.get(), name)->client.stream, nullptr) << name;
    EXPECT_NE(connect("app.example", server.get(), std::string(255, 'a'))->client.stream, nullptr);
  }
  EXPECT_NE(logged.find("takes no such server name"), std::string::npos) << logged;
}

TEST_F(ClientContextTest, RefusesWhatItCannotVerify) {
  const CtxPtr other_name = server_ctx(authority.issue({.names = {"other.example"}}));
  expect_failure("app.example", other_name.get(), "hostname mismatch");
  const test::Authority stranger;
  const CtxPtr untrusted = server_ctx(stranger.issue({.names = {"app.example"}}));
  expect_failure("app.example", untrusted.get(), "certificate signature failure");
  const CtxPtr expired =
      server_ctx(authority.issue({.names = {"app.example"}, .valid_from_days = -9, .valid_to_days = -1}));
  expect_failure("app.example", expired.get(), "certificate has expired");
  const CtxPtr partial = server_ctx(authority.issue({.names = {"a*.example"}}));
  expect_failure("app.example", partial.get(), "hostname mismatch");
  conf.ca = {};  // the system's authorities
  const CtxPtr ours = server_ctx(authority.issue({.names = {"app.example"}}));
  expect_failure("app.example", ours.get(), "unable to get local issuer certificate");
}

TEST_F(ClientContextTest, VerifiesTheConfiguredNameInstead) {
  conf.server_name = "service.internal";
  const CtxPtr server = server_ctx(authority.issue({.names = {"service.internal"}}));
  const auto talk = connect("10.0.0.1", server.get());
  ASSERT_TRUE(agrees(*talk)) << logged;
  EXPECT_STREQ(SSL_get_servername(talk->server->ssl(), TLSEXT_NAMETYPE_host_name), "service.internal");
}

TEST_F(ClientContextTest, VerifiesNothingIfTold) {
  conf.verify = false;
  const test::Authority stranger;
  const CtxPtr server = server_ctx(stranger.issue({.names = {"whatever"}}));
  const auto talk = connect("app.example", server.get());
  EXPECT_TRUE(agrees(*talk)) << logged;
}

TEST_F(ClientContextTest, ResumesSessionsPerServer) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    context.reset();
    const CtxPtr server = server_ctx(authority.issue({.names = {"app.example", "other.example"}}));
    SSL_CTX_set_max_proto_version(server.get(), version);
    SSL_CTX_set_session_id_context(server.get(), reinterpret_cast<const unsigned char*>("x"), 1);
    const auto resumed = [&](const char* name) {
      const auto talk = connect(name, server.get());
      EXPECT_TRUE(agrees(*talk)) << logged;
      talk->server->write("x");
      EXPECT_TRUE(until(*talk, [&] { return talk->client.data == "x"; }));
      return talk->client.stream->tls()->resumed;  // the stream goes without close_notify
    };
    EXPECT_FALSE(resumed("app.example"));
    EXPECT_TRUE(resumed("app.example"));
    EXPECT_FALSE(resumed("other.example"));
    EXPECT_TRUE(resumed("app.example"));
  }
}

TEST_F(ClientContextTest, ShowsTruncation) {
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  for (bool clean : {true, false}) {
    const auto talk = connect("app.example", server.get());
    ASSERT_TRUE(agrees(*talk));
    talk->server->write("half");
    if (clean) talk->server->close_notify();
    talk->server->pump();
    talk->server->shut_down_socket();
    ASSERT_TRUE(loop.until([&] { return talk->client.end.has_value(); }));
    EXPECT_EQ(talk->client.data, "half");
    EXPECT_EQ(talk->client.end, clean ? net::End::clean : net::End::truncated);
  }
}

TEST_F(ClientContextTest, FailsAgainstAServerWithoutTls) {
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  const auto talk = connect("app.example", server.get());
  talk->server->send_raw("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_TRUE(loop.until([&] {
    talk->server->pump();
    return talk->client.error.has_value();
  }));
  EXPECT_EQ(talk->client.error->reason, Reason::upstream_tls_failed);
  EXPECT_NE(logged.find("wrong version number"), std::string::npos) << logged;
}

/// A listening socket on loopback.
struct Listening {
  Listening() : bound(net::ListeningSocket::bind(loopback(), false)) {}
  static net::SocketAddress loopback() { return {*IpAddress::parse("127.0.0.1"), 0, {}}; }
  Result<net::ListeningSocket> bound;
};

TEST_F(ClientContextTest, ShakesHandsOverASocketThatStillDials) {
  Listening listening;
  ASSERT_TRUE(listening.bound);
  context = make();
  const CtxPtr server = server_ctx(authority.issue({.names = {"app.example"}}));
  Talk talk;
  class Nobody final : public net::StreamListener {
    void on_data(Bytes) override {}
    void on_end(net::End) override {}
    void on_error(const Error&) override {}
    void on_drained() override {}
  } nobody;
  auto socket = net::dial(loop.loop(), listening.bound.value().local(), 5s, nobody);
  talk.client.stream = context->connect(loop.loop(), std::move(socket), "app.example", talk.client);
  int fd = -1;
  ASSERT_TRUE(loop.until([&] {
    fd = ::accept4(listening.bound.value().fd(), nullptr, nullptr, SOCK_NONBLOCK);
    return fd >= 0;
  }));
  talk.server = std::make_unique<RawPeer>(fd, server.get(), true);
  EXPECT_TRUE(agrees(talk)) << logged;
}

TEST_F(ClientContextTest, PassesADialsErrorOn) {
  net::SocketAddress nowhere;
  {
    Listening listening;
    ASSERT_TRUE(listening.bound);
    nowhere = listening.bound.value().local();
  }
  context = make();
  Recorder client;
  auto socket = net::dial(loop.loop(), nowhere, 5s, client);
  client.stream = context->connect(loop.loop(), std::move(socket), "app.example", client);
  ASSERT_TRUE(loop.until([&] { return client.error.has_value(); }));
  EXPECT_EQ(client.error->reason, Reason::upstream_unreachable);
  EXPECT_EQ(client.error->os_error, -ECONNREFUSED);
}

TEST_F(ClientContextTest, ChecksItsAuthorities) {
  const auto complaint = [&](const std::string& path) {
    conf.ca = {path, {"f.yaml", 9, 9}};
    Diagnostics diagnostics;
    const bool fine = ClientMaterial::load(conf, diagnostics) != nullptr;
    EXPECT_EQ(fine, !diagnostics.failed());
    return fine ? "" : to_string(diagnostics.list().at(0));
  };
  EXPECT_EQ(complaint(conf.ca.value), "");
  EXPECT_EQ(complaint(""), "");
  EXPECT_EQ(complaint("/nowhere/ca.pem"),
            "f.yaml:9:9: can't read ca /nowhere/ca.pem: No such file or directory");
  EXPECT_NE(complaint(files.write("bad.pem", "bad")).find("holds no certificate"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::tls
