#include <openssl/ssl.h>

#include "tests/unit/tls/harness.h"

namespace tidegate::tls {
namespace {

using SessionHolder = std::shared_ptr<SSL_SESSION>;

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<SessionHolder*>(SSL_get_ex_data(ssl, 0))->reset(session, SSL_SESSION_free);
  return 1;
}

class SessionTest : public testing::TestWithParam<int> {
 protected:
  SessionTest() {
    setup.add({.names = {"example.com"}});
    setup.add({.names = {"other.example"}});
    SSL_CTX_set_max_proto_version(ctx.get(), GetParam());
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx.get(), on_new_session);
  }

  /// Connects with `offered`, and answers whether it resumed; the newest session is left in `session`.
  bool resumes(Worker& worker, SessionHolder offered, const char* server_name = "example.com") {
    Conversation talk(loop, worker, ctx.get());
    session.reset();
    SSL_set_ex_data(talk.peer.ssl(), 0, &session);
    set_server_name(talk.peer.ssl(), server_name);
    if (offered != nullptr) SSL_set_session(talk.peer.ssl(), offered.get());
    EXPECT_TRUE(talk.shake_hands()) << talk.peer.error;
    talk.server.stream->write(as_bytes("x"));  // the tickets come before it
    EXPECT_TRUE(talk.until([&] { return talk.peer.data == "x"; }));
    const bool resumed = SSL_session_reused(talk.peer.ssl()) == 1;
    EXPECT_EQ(info_of(talk.server).resumed, resumed);
    SSL_set_shutdown(talk.peer.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return resumed;
  }

  TestLoop loop;
  ListenerSetup setup;
  CtxPtr ctx = client_ctx();
  SessionHolder session;
};

INSTANTIATE_TEST_SUITE_P(Versions, SessionTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

TEST_P(SessionTest, ResumesOnAnotherWorker) {
  Worker one(setup);
  Worker two(setup);
  EXPECT_FALSE(resumes(one, nullptr));
  ASSERT_NE(session, nullptr);
  const SessionHolder first = session;
  EXPECT_TRUE(resumes(two, first));
  if (GetParam() == TLS1_3_VERSION) {
    EXPECT_NE(session, nullptr) << "a ticket is used once, so each resumption brings another";
  }
  EXPECT_TRUE(resumes(one, session != nullptr ? session : first));
}

TEST_P(SessionTest, ResumesAfterAReload) {
  {
    Worker before(setup);
    EXPECT_FALSE(resumes(before, nullptr));
  }
  Worker after(setup);
  EXPECT_TRUE(resumes(after, session));
}

TEST_P(SessionTest, ResumesForANameThatIsNotTheDefault) {
  Worker worker(setup);
  EXPECT_FALSE(resumes(worker, nullptr, "other.example"));
  EXPECT_TRUE(resumes(worker, session, "other.example"));
}

TEST_P(SessionTest, KeepsTicketsToTheirListener) {
  Worker one(setup);
  EXPECT_FALSE(resumes(one, nullptr));
  setup.listener = "admin";
  Worker other(setup);
  EXPECT_FALSE(resumes(other, session));
}

TEST_P(SessionTest, KeepsTicketsToTheirClientAuth) {
  Worker open(setup);
  EXPECT_FALSE(resumes(open, nullptr));
  setup.conf.client_auth = conf::ClientAuth{{setup.files.write("ca.pem", setup.authority.certificate()), {}},
                                            conf::ClientAuth::Verify::optional};
  Worker asking(setup);
  EXPECT_FALSE(resumes(asking, session));
}

TEST_P(SessionTest, DoesNotResumeUnderOtherKeys) {
  Worker one(setup);
  EXPECT_FALSE(resumes(one, nullptr));
  setup.tickets = make_ticket_keys();
  Worker other(setup);
  EXPECT_FALSE(resumes(other, session));
}

TEST_P(SessionTest, SendsNoTicketsIfTold) {
  setup.conf.session_tickets = false;
  Worker worker(setup);
  EXPECT_FALSE(resumes(worker, nullptr));
  EXPECT_TRUE(session == nullptr || SSL_SESSION_has_ticket(session.get()) == 0);
  EXPECT_FALSE(resumes(worker, SessionHolder(session)));
}

TEST_P(SessionTest, KeepsTheClientCertificateInATicket) {
  setup.conf.client_auth = conf::ClientAuth{{setup.files.write("ca.pem", setup.authority.certificate()), {}},
                                            conf::ClientAuth::Verify::required};
  Worker worker(setup);
  const CtxPtr holder = server_ctx(setup.authority.issue({.names = {"client"}}));
  SSL_CTX_use_certificate(ctx.get(), SSL_CTX_get0_certificate(holder.get()));
  SSL_CTX_use_PrivateKey(ctx.get(), SSL_CTX_get0_privatekey(holder.get()));
  EXPECT_FALSE(resumes(worker, nullptr));
  Conversation talk(loop, worker, ctx.get());
  SessionHolder ignored;
  SSL_set_ex_data(talk.peer.ssl(), 0, &ignored);
  set_server_name(talk.peer.ssl(), "example.com");
  SSL_set_session(talk.peer.ssl(), session.get());
  ASSERT_TRUE(talk.shake_hands()) << talk.peer.error;
  EXPECT_TRUE(info_of(talk.server).resumed);
  EXPECT_TRUE(info_of(talk.server).client_verified);
}

}  // namespace
}  // namespace tidegate::tls
