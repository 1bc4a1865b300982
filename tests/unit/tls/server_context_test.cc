#include "gateway/tls/server_context.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "gateway/base/log.h"
#include "tests/unit/tls/harness.h"

namespace tidegate::tls {
namespace {

class ServerContextTest : public testing::Test {
 protected:
  /// Shakes hands with a worker made of `setup`; what the client's context says is the caller's.
  std::unique_ptr<Conversation> talk(const char* server_name = nullptr) {
    if (worker == nullptr) worker = std::make_unique<Worker>(setup);
    auto made = std::make_unique<Conversation>(loop, *worker, ctx.get());
    if (server_name != nullptr) set_server_name(made->peer.ssl(), server_name);
    return made;
  }
  std::string name_shown_for(const char* server_name) {
    const auto made = talk(server_name);
    return made->shake_hands() ? shown_name(made->peer.ssl()) : "failed: " + made->peer.error;
  }
  /// The peer's words for a handshake that fails, after the server has noticed. (A client of TLS 1.3 may be
  /// done before it hears of a failure.)
  std::string failure(Conversation& made) {
    made.peer.shake_hands(loop);
    EXPECT_TRUE(made.until([&] { return !made.peer.error.empty() && made.server.error.has_value(); }));
    EXPECT_FALSE(made.server.opened);
    const Reason reason = made.server.error ? made.server.error->reason : Reason::none;
    EXPECT_EQ(reason, Reason::tls_handshake_failed);
    return made.peer.error;
  }

  TestLoop loop;
  ListenerSetup setup;
  CtxPtr ctx = client_ctx();
  std::unique_ptr<Worker> worker;
};

TEST_F(ServerContextTest, ChoosesCertificatesByServerName) {
  setup.add({.names = {"first.example"}});
  setup.add({.names = {"second.example", "alias.example"}});
  setup.add({.names = {"*.wild.example"}, .common_name = "wildcard"});
  setup.add({.names = {"exact.wild.example"}});
  EXPECT_EQ(name_shown_for("first.example"), "first.example");
  EXPECT_EQ(name_shown_for("second.example"), "second.example");
  EXPECT_EQ(name_shown_for("ALIAS.example"), "second.example");
  EXPECT_EQ(name_shown_for("a.wild.example"), "wildcard");
  EXPECT_EQ(name_shown_for("exact.wild.example"), "exact.wild.example");
  EXPECT_EQ(name_shown_for("a.b.wild.example"), "first.example") << "a wildcard stands for one label";
  EXPECT_EQ(name_shown_for("unknown.example"), "first.example");
  EXPECT_EQ(name_shown_for(nullptr), "first.example");
}

TEST_F(ServerContextTest, TellsTheServerNameInLowerCase) {
  setup.add({.names = {"example.com"}});
  const auto named = talk("Example.COM");
  ASSERT_TRUE(named->shake_hands());
  EXPECT_EQ(info_of(named->server).server_name, "example.com");
  const auto unnamed = talk();
  ASSERT_TRUE(unnamed->shake_hands());
  EXPECT_EQ(info_of(unnamed->server).server_name, "");
}

TEST_F(ServerContextTest, RejectsUnknownNamesIfTold) {
  setup.add({.names = {"example.com"}}).conf.reject_unknown_sni = true;
  EXPECT_EQ(name_shown_for("example.com"), "example.com");
  auto unknown = talk("other.example");
  EXPECT_EQ(failure(*unknown), "tlsv1 unrecognized name");
  auto none = talk();
  EXPECT_EQ(failure(*none), "tlsv1 unrecognized name");
}

TEST_F(ServerContextTest, ServesRsaAndEcdsaForOneName) {
  setup.add({.names = {"example.com"}, .key = test::KeyType::ecdsa});
  setup.add({.names = {"example.com"}, .key = test::KeyType::rsa});
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (bool rsa : {true, false}) {
      ctx = client_ctx();
      SSL_CTX_set_max_proto_version(ctx.get(), version);
      set_signature_algorithms(ctx.get(), rsa ? "RSA-PSS+SHA256" : "ECDSA+SHA256");
      for (const char* name : {"example.com", "unknown.example"}) {
        const auto made = talk(name);
        ASSERT_TRUE(made->shake_hands()) << made->peer.error;
        EXPECT_EQ(shown_rsa(made->peer.ssl()), rsa);
      }
    }
  }
  ctx = client_ctx();
  SSL_CTX_set_max_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(ctx.get(), "ECDHE-RSA-AES128-GCM-SHA256");
  const auto made = talk("example.com");
  ASSERT_TRUE(made->shake_hands()) << made->peer.error;
  EXPECT_TRUE(shown_rsa(made->peer.ssl()));
}

TEST_F(ServerContextTest, SpeaksHttp11Only) {
  setup.add({.names = {"example.com"}});
  const auto offer = [&](std::string_view protocols) {
    auto made = talk();
    SSL_set_alpn_protos(made->peer.ssl(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
    return made;
  };
  const auto both = offer("\x02h2\x08http/1.1");
  ASSERT_TRUE(both->shake_hands());
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both->peer.ssl(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
  const auto h2 = offer("\x02h2");
  EXPECT_EQ(failure(*h2), "tlsv1 alert no application protocol");
}

TEST_F(ServerContextTest, KeepsToItsProtocols) {
  setup.add({.names = {"example.com"}}).conf.protocols = {conf::TlsVersion::tls1_3};
  SSL_CTX_set_max_proto_version(ctx.get(), TLS1_2_VERSION);
  const auto old = talk();
  EXPECT_EQ(failure(*old), "tlsv1 alert protocol version");
  worker.reset();
  setup.conf.protocols = {conf::TlsVersion::tls1_2};
  ctx = client_ctx();
  const auto made = talk();
  ASSERT_TRUE(made->shake_hands());
  EXPECT_EQ(info_of(made->server).version, "TLSv1.2");
}

TEST_F(ServerContextTest, OffersForwardSecrecyWithAeadAlone) {
  setup.add({.names = {"example.com"}, .key = test::KeyType::rsa});
  SSL_CTX_set_max_proto_version(ctx.get(), TLS1_2_VERSION);
  for (const char* weak : {"AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256", "AES256-SHA"}) {
    SSL_CTX_set_cipher_list(ctx.get(), weak);
    const auto made = talk();
    EXPECT_EQ(failure(*made), "sslv3 alert handshake failure") << weak;
  }
}

TEST_F(ServerContextTest, UsesTheCiphersItIsGiven) {
  setup.add({.names = {"example.com"}, .key = test::KeyType::rsa});
  setup.conf.ciphers.value = "DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";
  setup.conf.ciphersuites.value = "TLS_CHACHA20_POLY1305_SHA256";
  const auto tls1_3 = talk();
  ASSERT_TRUE(tls1_3->shake_hands());
  EXPECT_EQ(info_of(tls1_3->server).cipher, "TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_max_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(ctx.get(), "ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256");
  const auto servers_choice = talk();
  ASSERT_TRUE(servers_choice->shake_hands());
  EXPECT_EQ(info_of(servers_choice->server).cipher, "DHE-RSA-AES128-GCM-SHA256");
  worker.reset();
  setup.conf.prefer_server_ciphers = false;
  const auto clients_choice = talk();
  ASSERT_TRUE(clients_choice->shake_hands());
  EXPECT_EQ(info_of(clients_choice->server).cipher, "ECDHE-RSA-AES256-GCM-SHA384");
}

TEST_F(ServerContextTest, AsksForClientCertificates) {
  const test::Authority clients("Clients");
  setup.add({.names = {"example.com"}});
  setup.add({.names = {"other.example"}});
  setup.conf.client_auth = conf::ClientAuth{{setup.files.write("ca.pem", clients.certificate()), {}},
                                            conf::ClientAuth::Verify::required};
  const test::Issued good = clients.issue({.names = {"client"}});
  const test::Issued strange = setup.authority.issue({.names = {"client"}});
  const auto with = [&](const test::Issued* issued, const char* name) {
    auto made = talk(name);
    if (issued != nullptr) {
      const CtxPtr holder = server_ctx(*issued);
      SSL_use_certificate(made->peer.ssl(), SSL_CTX_get0_certificate(holder.get()));
      SSL_use_PrivateKey(made->peer.ssl(), SSL_CTX_get0_privatekey(holder.get()));
    }
    return made;
  };
  for (const char* name : {"example.com", "other.example"}) {
    const auto known = with(&good, name);
    ASSERT_TRUE(known->shake_hands()) << known->peer.error;
    EXPECT_TRUE(info_of(known->server).client_verified);
    ASSERT_EQ(sk_X509_NAME_num(SSL_get0_peer_CA_list(known->peer.ssl())), 1);
    const auto none = with(nullptr, name);
    EXPECT_EQ(failure(*none), "tlsv13 alert certificate required");
    const auto unknown = with(&strange, name);
    EXPECT_EQ(failure(*unknown), "tlsv1 alert unknown ca");
  }
  worker.reset();
  setup.conf.client_auth->verify = conf::ClientAuth::Verify::optional;
  const auto none = with(nullptr, "example.com");
  ASSERT_TRUE(none->shake_hands()) << none->peer.error;
  EXPECT_FALSE(info_of(none->server).client_verified);
}

TEST_F(ServerContextTest, AnswersPlainHttpInPlainHttp) {
  setup.add({.names = {"example.com"}});
  worker = std::make_unique<Worker>(setup);
  for (const char* method : {"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS", "DELETE", "PRI"}) {
    for (std::size_t cut : {std::size_t{1}, std::size_t{1000}}) {
      const auto made = talk();
      made->peer.cut = cut;
      made->peer.send_raw(std::string(method) + " / HTTP/1.1\r\nHost: example.com\r\n\r\n");
      const auto pumped = [&](const std::function<bool()>& condition) {
        return loop.until([&] {
          made->peer.pump();
          return condition();
        });
      };
      ASSERT_TRUE(pumped([&] { return made->server.error.has_value(); })) << method;
      EXPECT_EQ(made->server.error->reason, Reason::plain_http_on_tls) << method;
      made->server.stream.reset();
      ASSERT_TRUE(pumped([&] { return made->peer.got_eof; }));
      const std::string& answer = made->peer.raw_received;
      EXPECT_EQ(answer.find("HTTP/1.1 400 Bad Request\r\n"), 0u) << answer;
      EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
      const bool has_body = answer.find("\r\n\r\nThis port speaks HTTPS") != std::string::npos;
      EXPECT_EQ(has_body, std::string_view(method) != "HEAD");
    }
  }
}

TEST_F(ServerContextTest, FailsOnGarbage) {
  setup.add({.names = {"example.com"}});
  for (const std::string& garbage : {std::string("\0\0\0\0\0\0\0\0", 8), std::string(100, '\xff'),
                                     std::string("\x16\x03\x01\x00\x05hello", 10),
                                     std::string("SSH-2.0-OpenSSH_9.2\r\n").insert(0, 1, '\x01'),
                                     std::string("\x80\x2e\x01\x03\x01 sslv2 hello", 17)}) {
    const auto made = talk();
    made->peer.send_raw(garbage);
    ASSERT_TRUE(loop.until([&] {
      made->peer.pump();
      made->peer.shut_down_socket();
      return made->server.error.has_value();
    }));
    EXPECT_EQ(made->server.error->reason, Reason::tls_handshake_failed);
    EXPECT_NE(made->server.stream->queued_bytes(), 1u) << "still answers after the error";
  }
}

TEST_F(ServerContextTest, FailsWhenThePeerLeavesWithinTheHandshake) {
  setup.add({.names = {"example.com"}});
  const auto made = talk();
  SSL_do_handshake(made->peer.ssl());
  made->peer.pump();
  made->peer.shut_down_socket();
  ASSERT_TRUE(loop.until([&] { return made->server.error.has_value(); }));
  EXPECT_EQ(made->server.error->reason, Reason::tls_handshake_failed);
}

TEST_F(ServerContextTest, LogsWhyAHandshakeFailed) {
  setup.add({.names = {"example.com"}});
  worker = std::make_unique<Worker>(setup);
  std::vector<std::string> lines;
  log::capture([&](log::Level, std::string_view line) { lines.emplace_back(line); });
  for (int i = 0; i < 3; ++i) {
    const auto made = talk();
    SSL_set_max_proto_version(made->peer.ssl(), TLS1_1_VERSION);
    SSL_set_security_level(made->peer.ssl(), 0);
    failure(*made);
  }
  log::capture({});
  ASSERT_EQ(lines.size(), 1u) << "one line a second";
  EXPECT_NE(lines[0].find("unsupported protocol"), std::string::npos) << lines[0];
}

TEST_F(ServerContextTest, OutlivesAReload) {
  setup.add({.names = {"example.com"}});
  const auto made = talk();
  ASSERT_TRUE(made->shake_hands());
  worker->context.reset();
  made->peer.write("still here");
  EXPECT_TRUE(made->until([&] { return made->server.data == "still here"; }));
}

TEST(SelfSigned, IsForItsNamesAndTrustsItself) {
  const SelfSigned made = make_self_signed({"localhost", "demo.example", "127.0.0.1", "::1"});
  const auto bio = std::unique_ptr<BIO, int (*)(BIO*)>(
      BIO_new_mem_buf(made.certificate_pem.data(), static_cast<int>(made.certificate_pem.size())), BIO_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_check_host(certificate.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "demo.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "::1", 0), 1);
  EXPECT_NE(X509_check_host(certificate.get(), "example.com", 0, 0, nullptr), 1);
}

TEST_F(ServerContextTest, ServesASelfSignedCertificateThatAClientMayTrust) {
  setup.conf.self_signed_for = {"localhost", "127.0.0.1"};
  const auto first = talk("localhost");
  ASSERT_TRUE(first->shake_hands()) << first->peer.error;
  X509* shown = SSL_get0_peer_certificate(first->peer.ssl());
  ctx = client_ctx();
  X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx.get()), shown);
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER, nullptr);
  const auto again = talk("localhost");
  SSL_set1_host(again->peer.ssl(), "localhost");
  EXPECT_TRUE(again->shake_hands()) << again->peer.error;
}

}  // namespace
}  // namespace tidegate::tls
