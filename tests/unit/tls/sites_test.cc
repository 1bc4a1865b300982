#include "gateway/base/log.h"
#include "tests/unit/tls/harness.h"

namespace tidegate::tls {
namespace {

using Verify = conf::ClientAuth::Verify;

/// TLS by virtual server.
class SitesTest : public testing::Test {
 protected:
  SitesTest() { setup.add({.names = {"default.example"}}); }

  std::unique_ptr<Conversation> talk(const char* server_name, const test::Issued* shown = nullptr) {
    if (worker == nullptr) worker = std::make_unique<Worker>(setup);
    auto made = std::make_unique<Conversation>(loop, *worker, ctx.get());
    SSL_set_ex_data(made->peer.ssl(), 0, &session);
    if (server_name != nullptr) set_server_name(made->peer.ssl(), server_name);
    if (shown != nullptr) {
      const CtxPtr holder = server_ctx(*shown);
      SSL_use_certificate(made->peer.ssl(), SSL_CTX_get0_certificate(holder.get()));
      SSL_use_PrivateKey(made->peer.ssl(), SSL_CTX_get0_privatekey(holder.get()));
    }
    return made;
  }
  std::string shown_for(const char* server_name) {
    const auto made = talk(server_name);
    return made->shake_hands() ? shown_name(made->peer.ssl()) : "failed: " + made->peer.error;
  }
  conf::ClientAuth auth(Verify verify, bool refuse_by_status = false) {
    conf::ClientAuth made;
    made.ca.value = setup.files.write("clients.pem", clients.certificate());
    made.verify = verify;
    made.refuse_by_status = refuse_by_status;
    return made;
  }
  /// Keeps the session of a connection to this name in `session`.
  void remember_session(const char* server_name, const test::Issued* shown = nullptr) {
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx.get(), [](SSL* ssl, SSL_SESSION* made) {
      static_cast<std::shared_ptr<SSL_SESSION>*>(SSL_get_ex_data(ssl, 0))->reset(made, SSL_SESSION_free);
      return 1;
    });
    const auto made = talk(server_name, shown);
    ASSERT_TRUE(made->shake_hands()) << made->peer.error;
    made->server.stream->write(as_bytes("x"));  // the tickets come before it
    ASSERT_TRUE(made->until([&] { return made->peer.data == "x"; }));
    ASSERT_NE(session, nullptr);
    SSL_set_shutdown(made->peer.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  TestLoop loop;
  ListenerSetup setup;
  test::Authority clients{"Clients"};
  CtxPtr ctx = client_ctx();
  std::shared_ptr<SSL_SESSION> session;
  std::unique_ptr<Worker> worker;
};

TEST_F(SitesTest, ShowsTheCertificateOfTheServerThatIsMeant) {
  setup.add_named({"a.example", "www.a.example"}, {.names = {"a"}});
  setup.add_named({"*.wild.example"}, {.names = {"wild"}});
  setup.add_named({"tail.*"}, {.names = {"tail"}});
  setup.add_named({"~^r[0-9]+[.]example$"}, {.names = {"regex"}});
  EXPECT_EQ(shown_for("a.example"), "a");
  EXPECT_EQ(shown_for("WWW.A.example"), "a");
  EXPECT_EQ(shown_for("x.y.wild.example"), "wild");
  EXPECT_EQ(shown_for("tail.org"), "tail");
  EXPECT_EQ(shown_for("r42.example"), "regex");
  EXPECT_EQ(shown_for("unknown.example"), "default.example");
  EXPECT_EQ(shown_for(nullptr), "default.example");
}

TEST_F(SitesTest, HoldsInTls12Too) {
  SSL_CTX_set_max_proto_version(ctx.get(), TLS1_2_VERSION);
  setup.add_named({"a.example"}, {.names = {"a"}, .key = test::KeyType::rsa}).ciphers.value =
      "ECDHE-RSA-AES256-GCM-SHA384";
  const auto made = talk("a.example");
  ASSERT_TRUE(made->shake_hands()) << made->peer.error;
  EXPECT_EQ(shown_name(made->peer.ssl()), "a");
  EXPECT_EQ(info_of(made->server).cipher, "ECDHE-RSA-AES256-GCM-SHA384");
  EXPECT_EQ(info_of(made->server).server_name, "a.example");
}

TEST_F(SitesTest, KeepsToTheListenersProtocols) {
  setup.conf.protocols = {conf::TlsVersion::tls1_2};
  setup.add_named({"a.example"}, {.names = {"a"}}).protocols = {conf::TlsVersion::tls1_3};
  const auto made = talk("a.example");
  ASSERT_TRUE(made->shake_hands()) << made->peer.error;
  EXPECT_EQ(info_of(made->server).version, "TLSv1.2");
}

TEST_F(SitesTest, RejectsWhereItIsTold) {
  setup.conf.certificates.clear();
  setup.conf.reject_handshake = true;
  setup.add_named({"a.example"}, {.names = {"a"}});
  conf::NamedTls& closed = setup.conf.by_name.emplace_back();
  closed.names = {"closed.example"};
  closed.tls.reject_handshake = true;
  EXPECT_EQ(shown_for("a.example"), "a");
  EXPECT_EQ(shown_for("closed.example"), "failed: tlsv1 unrecognized name");
  EXPECT_EQ(shown_for("other.example"), "failed: tlsv1 unrecognized name");
  EXPECT_EQ(shown_for(nullptr), "failed: tlsv1 unrecognized name");
}

TEST_F(SitesTest, TakesTheDefaultForAServerWithoutCertificates) {
  setup.conf.by_name.push_back({{"plain.example"}, {}});
  EXPECT_EQ(shown_for("plain.example"), "default.example");
}

TEST_F(SitesTest, AsksForClientCertificatesByName) {
  setup.add_named({"closed.example"}, {.names = {"closed"}}).client_auth = auth(Verify::required);
  const test::Issued good = clients.issue({.names = {"client"}});
  const auto known = talk("closed.example", &good);
  ASSERT_TRUE(known->shake_hands()) << known->peer.error;
  const auto facts = known->server.stream->client_certificate();
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(facts->verify, "SUCCESS");
  EXPECT_EQ(facts->subject, "CN=client");
  EXPECT_EQ(facts->issuer, "CN=Clients");
  EXPECT_EQ(facts->pem, good.certificate);
  EXPECT_EQ(facts->fingerprint.size(), 40u);
  const auto open = talk("default.example", &good);
  ASSERT_TRUE(open->shake_hands()) << open->peer.error;
  EXPECT_EQ(open->server.stream->client_certificate(), nullptr) << "nobody asked for it";
  const auto none = talk("closed.example");
  none->peer.shake_hands(loop);
  EXPECT_TRUE(none->until([&] { return none->server.error.has_value(); }));
}

TEST_F(SitesTest, LetsHttpSayWhatIsWrongWithACertificate) {
  setup.add_named({"closed.example"}, {.names = {"closed"}}).client_auth = auth(Verify::required, true);
  const test::Issued strange = setup.authority.issue({.names = {"stranger"}});
  const auto unknown = talk("closed.example", &strange);
  ASSERT_TRUE(unknown->shake_hands()) << unknown->peer.error;
  const auto facts = unknown->server.stream->client_certificate();
  ASSERT_NE(facts, nullptr);
  EXPECT_TRUE(facts->verify.starts_with("FAILED:unable to")) << facts->verify;
  EXPECT_TRUE(facts->authority_unknown);
  EXPECT_FALSE(info_of(unknown->server).client_verified);
  const auto none = talk("closed.example");
  ASSERT_TRUE(none->shake_hands()) << none->peer.error;
  EXPECT_EQ(none->server.stream->client_certificate(), nullptr);
}

TEST_F(SitesTest, TakesUnknownAuthoritiesIfTold) {
  conf::ListenerTls& tls = setup.add_named({"any.example"}, {.names = {"any"}});
  tls.client_auth.emplace().verify = Verify::optional_no_ca;
  const test::Issued strange = setup.authority.issue({.names = {"stranger"}});
  const auto made = talk("any.example", &strange);
  ASSERT_TRUE(made->shake_hands()) << made->peer.error;
  EXPECT_EQ(made->server.stream->client_certificate()->subject, "CN=stranger");
}

/// A session made where nobody asks for certificates must not open a server that does.
TEST_F(SitesTest, DoesNotResumeAcrossServers) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    worker.reset();
    setup.conf.by_name.clear();
    ctx = client_ctx();
    SSL_CTX_set_max_proto_version(ctx.get(), version);
    setup.add_named({"closed.example"}, {.names = {"closed"}}).client_auth = auth(Verify::optional);
    setup.add_named({"open.example"}, {.names = {"open"}});
    remember_session("open.example");
    const std::shared_ptr<SSL_SESSION> offered = session;
    for (const auto& [name, resumes] :
         {std::pair{"closed.example", false}, std::pair{"default.example", false},
          std::pair{"open.example", true}}) {
      const auto made = talk(name);
      SSL_set_session(made->peer.ssl(), offered.get());
      ASSERT_TRUE(made->shake_hands()) << made->peer.error;
      EXPECT_EQ(info_of(made->server).resumed, resumes) << name << ' ' << version;
      SSL_set_shutdown(made->peer.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
  }
}

/// Whoever resumes is not verified again, so that what verifies must still be the same.
TEST_F(SitesTest, DoesNotResumeUnderOtherRulesForClients) {
  const test::Issued client = clients.issue({.names = {"client"}});
  setup.conf.client_auth = auth(Verify::required);
  remember_session("default.example", &client);
  const std::shared_ptr<SSL_SESSION> offered = session;
  const auto resumes = [&] {
    worker.reset();  // a reload: the keys of the tickets stay
    const auto made = talk("default.example", &client);
    SSL_set_session(made->peer.ssl(), offered.get());
    EXPECT_TRUE(made->shake_hands()) << made->peer.error;
    SSL_set_shutdown(made->peer.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return info_of(made->server).resumed;
  };
  setup.conf.client_auth->depth = 3;
  EXPECT_FALSE(resumes());
  setup.conf.client_auth->depth = 0;
  EXPECT_TRUE(resumes());
}

TEST_F(SitesTest, SendsTicketsByServer) {
  setup.add_named({"a.example"}, {.names = {"a"}}).session_tickets = false;
  remember_session("default.example");
  session.reset();
  const auto made = talk("a.example");
  ASSERT_TRUE(made->shake_hands()) << made->peer.error;
  made->server.stream->write(as_bytes("x"));
  ASSERT_TRUE(made->until([&] { return made->peer.data == "x"; }));
  EXPECT_EQ(session, nullptr);
}

TEST_F(SitesTest, TellsWhatOpensslRefuses) {
  conf::ListenerTls& tls = setup.add_named({"a.example"}, {.names = {"a"}});
  const auto complaint = [&] {
    Diagnostics diagnostics;
    EXPECT_EQ(ServerMaterial::load(setup.conf, "https", diagnostics), nullptr);
    return diagnostics.list().empty() ? "none" : to_string(diagnostics.list().front());
  };
  tls.at = {"n.conf", 3, 5};
  tls.commands = {{"Nonsense", {"on", {"n.conf", 9, 3}}}};
  EXPECT_EQ(complaint().find("n.conf:9:3: SSL_CONF_cmd(\"Nonsense\", \"on\") failed: "), 0u) << complaint();
  tls.commands.clear();
  setup.conf.groups = "nonsense";
  EXPECT_NE(complaint().find("OpenSSL knows no curves \"nonsense\""), std::string::npos) << complaint();
  setup.conf.groups.clear();
  tls.dh_parameters = {setup.files.write("dh.pem", "nothing"), {"n.conf", 4, 3}};
  EXPECT_NE(complaint().find("n.conf:4:3: "), std::string::npos);
  EXPECT_NE(complaint().find("holds no Diffie-Hellman parameters"), std::string::npos);
  tls.dh_parameters = {};
  tls.stapled_response = {setup.files.write("ocsp.der", "nothing"), {"n.conf", 5, 3}};
  EXPECT_NE(complaint().find("holds no OCSP response"), std::string::npos);
  tls.stapled_response = {};
  tls.client_auth = auth(Verify::optional);
  tls.client_auth->crl = {setup.files.write("crl.pem", "nothing"), {"n.conf", 6, 3}};
  EXPECT_NE(complaint().find("n.conf:6:3: "), std::string::npos);
  EXPECT_NE(complaint().find("holds no revocation list"), std::string::npos);
}

TEST_F(SitesTest, RunsOpensslsCommands) {
  setup.conf.commands = {{"Ciphersuites", {"TLS_AES_256_GCM_SHA384", {}}}};
  setup.conf.groups = "P-256";
  const auto made = talk("default.example");
  ASSERT_TRUE(made->shake_hands()) << made->peer.error;
  EXPECT_EQ(info_of(made->server).cipher, "TLS_AES_256_GCM_SHA384");
}

TEST_F(SitesTest, OpensKeysWithPassphrases) {
  const test::Issued issued = setup.authority.issue({.names = {"locked"}});
  conf::ListenerTls& tls = setup.add_named({"locked.example"}, {.names = {"replaced"}});
  tls.certificates[0].certificate.value = setup.files.write("locked.pem", issued.certificate);
  tls.certificates[0].private_key.value =
      setup.files.write("locked.key", test::encrypted(issued.private_key, "open sesame"));
  tls.key_passwords.value = setup.files.write("passwords", "wrong\n\nopen sesame\r\n");
  EXPECT_EQ(shown_for("locked.example"), "locked");
  setup.files.write("passwords", "wrong\nwronger");
  Diagnostics diagnostics;
  EXPECT_EQ(ServerMaterial::load(setup.conf, "https", diagnostics), nullptr);
  EXPECT_NE(diagnostics.list().front().message.find("none of the passphrases in "), std::string::npos);
}

}  // namespace
}  // namespace tidegate::tls
