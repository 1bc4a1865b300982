// TLS on both sides: the row "TLS" of the rules, and ends that must be seen through it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "tests/integration/captured_log.h"
#include "tests/integration/gateway.h"
#include "tests/integration/tls_peer.h"

namespace tidegate::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr char kGetAndClose[] = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";

/// Certificates in files, as YAML wants them.
class Certificates {
 public:
  /// `{ certificate: …, private_key: … }`
  std::string for_names(std::vector<std::string> names) {
    const Issued issued = authority.issue({.names = std::move(names)});
    const std::string number = std::to_string(++count_);
    return "{ certificate: " + dir.write(number + ".pem", issued.certificate) +
           ", private_key: " + dir.write(number + ".key", issued.private_key) + " }";
  }
  /// A file with `issuer`'s certificate.
  std::string file_of(const Authority& issuer) {
    return dir.write("ca" + std::to_string(++count_) + ".pem", issuer.certificate());
  }

  Authority authority;
  TempDir dir;

 private:
  int count_ = 0;
};

constexpr char kRespond[] = "{ respond: { status: 200, body: \"hello $ssl_protocol\" } }";

/// One TLS listener; `tls` is what stands in its `tls: {}`.
std::string secured(const std::string& tls, const std::string& route = kRespond,
                    const std::string& more = "") {
  return "listeners:\n  https: { address: \"127.0.0.1:0\", tls: { " + tls + " } }\nroutes: [" + route +
         "]\n" + more;
}

std::string towards(const std::string& upstream) {
  return "upstreams:\n  app: " + upstream + "\n";
}

std::string fetch(Peer client) {
  client.send(kGetAndClose);
  return client.read_to_end();
}

// ---------------------------------------------------------------------------------------------------------------
// Handshakes

TEST(TlsListener, ChoosesTheCertificateByTheNameAsked) {
  Certificates files;
  Gateway gateway(secured("certificates: [" + files.for_names({"default.test"}) + ", " +
                          files.for_names({"exact.test"}) + ", " + files.for_names({"*.wild.test"}) + "]"));
  const auto certificate_for = [&](const std::string& name) {
    TlsFacts facts;
    connect_tls(gateway.port(), {.server_name = name}, &facts);
    EXPECT_TRUE(facts.done) << facts.error;
    return facts.common_name;
  };
  EXPECT_EQ("exact.test", certificate_for("exact.test"));
  EXPECT_EQ("exact.test", certificate_for("EXACT.Test"));
  EXPECT_EQ("*.wild.test", certificate_for("one.wild.test"));
  EXPECT_EQ("default.test", certificate_for("default.test"));
  EXPECT_EQ("default.test", certificate_for("two.one.wild.test"));
  EXPECT_EQ("default.test", certificate_for("unknown.test"));
  EXPECT_EQ("default.test", certificate_for(""));
}

TEST(TlsListener, RejectsUnknownNamesIfAsked) {
  Certificates files;
  Gateway gateway(
      secured("certificates: [" + files.for_names({"known.test"}) + "], reject_unknown_sni: true"));
  EXPECT_THAT(fetch(connect_tls(gateway.port(), {.server_name = "known.test"})), HasSubstr("hello"));
  for (const char* name : {"unknown.test", ""}) {
    TlsFacts facts;
    connect_tls(gateway.port(), {.server_name = name}, &facts);
    EXPECT_FALSE(facts.done) << name;
    EXPECT_THAT(facts.error, HasSubstr("unrecognized name"));
  }
  EXPECT_TRUE(eventually([&] { return gateway.count(Reason::tls_handshake_failed) == 2; }));
}

TEST(TlsListener, SpeaksBothVersions) {
  Certificates files;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]"));
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    TlsOptions options;
    options.min_version = options.max_version = version;
    options.authority = files.authority.certificate();
    EXPECT_THAT(fetch(connect_tls(gateway.port(), options)), HasSubstr(std::string("hello ") + version));
  }
  TlsFacts facts;
  connect_tls(gateway.port(), {.max_version = "TLSv1.1", .ciphers = "ALL:@SECLEVEL=0"}, &facts);
  EXPECT_FALSE(facts.done);
}

TEST(TlsListener, AgreesOnHttp11OrOnNothing) {
  Certificates files;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]"));
  TlsFacts facts;
  connect_tls(gateway.port(), {.alpn = {"h2", "http/1.1"}}, &facts);
  EXPECT_EQ("http/1.1", facts.alpn);
  connect_tls(gateway.port(), {}, &facts);
  EXPECT_TRUE(facts.done);
  EXPECT_EQ("", facts.alpn);
  connect_tls(gateway.port(), {.alpn = {"h2"}}, &facts);
  EXPECT_FALSE(facts.done);
  EXPECT_THAT(facts.error, HasSubstr("no application protocol"));
}

TEST(TlsListener, ResumesOnWhicheverWorkerTheClientComesBackTo) {
  constexpr int kTimes = 24;  // the kernel spreads them over two workers
  Certificates files;
  Gateway gateway(
      secured("certificates: [" + files.for_names({"example.com"}) + "]", kRespond, "workers: 2\n"));
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    TlsSession session;
    for (int i = 0; i < kTimes; ++i) {
      TlsFacts facts;
      TlsOptions options;
      options.min_version = options.max_version = version;
      options.session = &session;
      Peer client = connect_tls(gateway.port(), options, &facts);
      EXPECT_EQ(i > 0, facts.resumed) << version << ", connection " << i;
      EXPECT_THAT(fetch(std::move(client)), HasSubstr("hello"));
    }
  }
}

TEST(TlsListener, GivesUpHandshakesThatTakeTooLong) {
  Certificates files;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]", kRespond,
                          "timeouts: { tls_handshake: 150ms }\n"));
  Peer done = connect_tls(gateway.port());
  Peer silent = gateway.connect();
  Peer slow = gateway.connect();
  slow.send("\x16\x03\x01");
  silent.expect_end();
  slow.expect_end();
  EXPECT_TRUE(eventually([&] { return gateway.count(Reason::tls_handshake_timeout) == 2u; }));
  EXPECT_THAT(fetch(std::move(done)), HasSubstr("hello"));
}

TEST(TlsListener, EndsAHandshakeOfGarbageAtOnce) {
  Certificates files;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]"));
  const std::string hello_of_zeros =
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9) + std::string(508, '\0');
  for (const std::string& garbage :
       {std::string("\0\0\0\0\0\0\0\0", 8), std::string(600, '\xff'), hello_of_zeros}) {
    Peer client = gateway.connect();
    client.send(garbage);
    client.read_to_end();
    EXPECT_NE(Ending::none, client.ending());
  }
  EXPECT_TRUE(eventually([&] { return gateway.count(Reason::tls_handshake_failed) == 3u; }));
}

// ---------------------------------------------------------------------------------------------------------------
// Client certificates

/// A request by a client that shows `identity`; empty where it got no answer.
std::string fetch_as(Gateway& gateway, const Issued& identity, const std::string& version) {
  TlsFacts facts;
  TlsOptions options;
  options.min_version = options.max_version = version;
  options.identity = identity;
  Peer client = connect_tls(gateway.port(), options, &facts);
  // Under TLS 1.3 a client has finished before the server looks at its certificate: then the answer is an
  // alert.
  return facts.done ? fetch(std::move(client)) : "";
}

TEST(TlsListener, LetsInOnlyWhoMustAndCanShowAClientCertificate) {
  const Authority clients("Clients");
  const Authority others("Others");
  const Issued known = clients.issue({.names = {"client"}});
  const Issued stranger = others.issue({.names = {"client"}});
  const Issued expired = clients.issue({.names = {"client"}, .valid_from_days = -9, .valid_to_days = -2});
  Certificates files;
  const std::string certificates = "certificates: [" + files.for_names({"example.com"}) + "]";
  const std::string ca = "{ ca: " + files.file_of(clients) + ", verify: ";
  Gateway required(secured(certificates + ", client_auth: " + ca + "required }"));
  Gateway optional(secured(certificates + ", client_auth: " + ca + "optional }"));
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    SCOPED_TRACE(version);
    for (Gateway* gateway : {&required, &optional}) {
      EXPECT_THAT(fetch_as(*gateway, known, version), HasSubstr("hello"));
      EXPECT_EQ("", fetch_as(*gateway, stranger, version));
      EXPECT_EQ("", fetch_as(*gateway, expired, version));
    }
    EXPECT_EQ("", fetch_as(required, {}, version));
    EXPECT_THAT(fetch_as(optional, {}, version), HasSubstr("hello"));
  }
}

TEST(TlsListener, AskingForCertificatesIsNotSkippedByATicketOfAnotherListener) {
  const Authority clients("Clients");
  Certificates files;
  const std::string certificates = "certificates: [" + files.for_names({"example.com"}) + "]";
  Gateway gateway("listeners:\n  open: { address: \"127.0.0.1:0\", tls: { " + certificates +
                  " } }\n  guarded: { address: \"127.0.0.1:0\", tls: { " + certificates +
                  ", client_auth: { ca: " + files.file_of(clients) + " } } }\nroutes: [" + kRespond + "]\n");
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    TlsSession session;
    TlsFacts facts;
    TlsOptions options;
    options.min_version = options.max_version = version;
    options.session = &session;
    EXPECT_THAT(fetch(connect_tls(gateway.port(0), options)), HasSubstr("hello"));
    ASSERT_FALSE(session.empty());
    Peer client = connect_tls(gateway.port(1), options, &facts);
    EXPECT_FALSE(facts.resumed);
    EXPECT_EQ("", facts.done ? fetch(std::move(client)) : "") << version;
  }
}

// ---------------------------------------------------------------------------------------------------------------
// Plain HTTP where TLS was expected

class PlainHttpOnTls : public testing::TestWithParam<bool> {
 protected:
  void send(Peer& client, std::string_view bytes) const {
    if (GetParam()) {
      client.send_bytewise(bytes);
    } else {
      client.send(bytes);
    }
  }
};

TEST_P(PlainHttpOnTls, IsToldSoAndNeverProxied) {
  Certificates files;
  ScriptedUpstream upstream;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]", "{ upstream: app }",
                          towards(upstream.url())));
  const std::array methods = {"GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH"};
  for (const std::string method : methods) {
    SCOPED_TRACE(method);
    Peer client = gateway.connect();
    send(client, method + " /?token=secret HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n");
    const std::string answer = client.read_to_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_EQ(method != "HEAD", answer.find("https://") != std::string::npos) << answer;
    EXPECT_EQ(Ending::clean, client.ending());
  }
  EXPECT_TRUE(upstream.nobody_for(20ms));
  EXPECT_TRUE(eventually([&] { return gateway.count(Reason::plain_http_on_tls) == methods.size(); }));
  EXPECT_THAT(
      gateway.access_log(methods.size()).back(),
      AllOf(HasSubstr("\"status\":400"), HasSubstr("\"plain_http_on_tls\""), Not(HasSubstr("secret"))));
}

INSTANTIATE_TEST_SUITE_P(Cuts, PlainHttpOnTls, testing::Bool(),
                         [](const auto& cut) { return cut.param ? "ByteByByte" : "Whole"; });

// ---------------------------------------------------------------------------------------------------------------
// Bytes and ends through TLS

/// Stands between a client and a port, and passes on what the client sends in pieces of `size`.
class Cutter {
 public:
  Cutter(std::uint16_t port, std::size_t size) : gateway_(Peer::connect(port)), size_(size) {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
    client_end_ = ends[0];
    inner_ = ends[1];
    thread_ = std::thread([this] { pass_on(); });
  }
  ~Cutter() {
    thread_.join();
    ::close(inner_);
  }
  Cutter(const Cutter&) = delete;
  Cutter& operator=(const Cutter&) = delete;
  /// The client's end; once. The cutter ends after both sides have.
  Peer take() { return Peer(std::exchange(client_end_, -1)); }

 private:
  void pass_on() {
    std::array<char, 4096> buffer;
    bool client_open = true;
    bool gateway_open = true;
    while (client_open || gateway_open) {
      std::array<pollfd, 2> ready{pollfd{client_open ? inner_ : -1, POLLIN, 0},
                                  pollfd{gateway_open ? gateway_.fd() : -1, POLLIN, 0}};
      ::poll(ready.data(), ready.size(), -1);
      if (ready[0].revents != 0) {
        const ssize_t got = ::read(inner_, buffer.data(), buffer.size());
        for (ssize_t at = 0; at < got; at += static_cast<ssize_t>(size_)) {
          const auto rest = static_cast<std::size_t>(got - at);
          ::send(gateway_.fd(), buffer.data() + at, std::min(size_, rest), MSG_NOSIGNAL);
        }
        client_open = got > 0;
        if (!client_open) ::shutdown(gateway_.fd(), SHUT_WR);
      }
      if (ready[1].revents != 0) {
        const ssize_t got = ::read(gateway_.fd(), buffer.data(), buffer.size());
        if (got > 0) ::send(inner_, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
        gateway_open = got > 0;
        if (!gateway_open) ::shutdown(inner_, SHUT_WR);
      }
    }
  }

  Peer gateway_;
  const std::size_t size_;
  int client_end_ = -1;
  int inner_ = -1;
  std::thread thread_;
};

class TlsCuts : public testing::TestWithParam<std::size_t> {};

TEST_P(TlsCuts, ChangeNothingForHttpAndTunnels) {
  Certificates files;
  ScriptedUpstream upstream;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]", "{ upstream: app }",
                          towards(upstream.url())));
  Cutter cutter(gateway.port(), GetParam());
  Peer client = begin_tls(cutter.take());
  client.send("POST /upload HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3000\r\n\r\n" +
              std::string(3000, 'u'));
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_message(), HasSubstr("\r\n\r\n" + std::string(3000, 'u')));
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + std::string(70000, 'd'));
  EXPECT_THAT(client.read_message(), HasSubstr("\r\n\r\n" + std::string(70000, 'd')));

  // What follows the handshake at once reaches the upstream behind it, in order.
  client.send(handshake_request() + frame(1, "first", true));
  Peer tunnel = upstream.accept();
  tunnel.read_head();
  tunnel.send(handshake_response() + frame(1, "welcome", false));
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(frame(1, "welcome", false), client.read_exactly(9));
  EXPECT_EQ(frame(1, "first", true), tunnel.read_exactly(11));
  const std::string large = frame(2, std::string(20000, 'x'), true);
  client.send(large);
  EXPECT_EQ(large, tunnel.read_exactly(large.size()));
  tunnel.send(frame(2, std::string(200000, 'y'), false) + close_frame(1000, false)).close();
  EXPECT_EQ(frame(2, std::string(200000, 'y'), false) + close_frame(1000, false), client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
}

INSTANTIATE_TEST_SUITE_P(Sizes, TlsCuts, testing::Values(1, 5, 97, 1460));

TEST(TlsEnds, ACleanEndHasCloseNotify) {
  Certificates files;
  ScriptedUpstream upstream;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]", "{ upstream: app }",
                          towards(upstream.url())));
  Peer client = connect_tls(gateway.port());
  client.send(kGetAndClose);
  Peer server = upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 200 OK\r\n\r\nuntil the end").shutdown_write();
  EXPECT_THAT(client.read_to_end(), HasSubstr("until the end"));
  EXPECT_EQ(Ending::clean, client.ending());
}

/// An answer without length from an upstream that breaks off: whoever reads it must not take it for whole.
TEST(TlsEnds, ATruncatedAnswerHasNone) {
  Certificates files;
  ScriptedUpstream upstream;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]", "{ upstream: app }",
                          towards(upstream.url())));
  for (const char* version : {"HTTP/1.0", "HTTP/1.1"}) {
    Peer client = connect_tls(gateway.port());
    client.send(std::string("GET / ") + version + "\r\nHost: example.com\r\n\r\n");
    Peer server = upstream.accept();
    server.read_head();
    server.send("HTTP/1.1 200 OK\r\n\r\nhalf of i");
    client.read_until("half of i");
    server.reset();
    // With a chunked answer the missing last chunk tells; without, the missing close_notify.
    EXPECT_THAT(client.read_to_end(), Not(HasSubstr("0\r\n\r\n")));
    EXPECT_TRUE(client.ending() == Ending::reset || std::string(version) == "HTTP/1.1");
  }
  EXPECT_TRUE(eventually([&] { return gateway.count(Reason::upstream_truncated) == 2u; }));
}

TEST(TlsEnds, ATruncatedLengthHasNone) {
  Certificates files;
  ScriptedUpstream upstream;
  Gateway gateway(secured("certificates: [" + files.for_names({"example.com"}) + "]", "{ upstream: app }",
                          towards(upstream.url())));
  Peer client = connect_tls(gateway.port());
  client.send(kGet);
  Peer server = upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_THAT(client.read_until("half"), HasSubstr("Content-Length: 100"));
  server.close();
  EXPECT_EQ("", client.read_to_end());
}

// ---------------------------------------------------------------------------------------------------------------
// Upstreams that speak https

/// A plain front, and behind it an upstream with this certificate and these `tls` settings.
struct Https {
  Https(const Issued& issued, const std::string& tls, const std::string& host = "127.0.0.1")
      : identity(issued),
        gateway(Gateway::in_front_of("{ servers: [\"https://" + host + ":" + std::to_string(upstream.port()) +
                                     "\"], tls: { " + tls + " } }")) {}

  /// The handshake of the upstream's side.
  Peer accept(TlsFacts* facts = nullptr) { return accept_tls(upstream.accept(), identity, facts); }
  void expect_works() {
    Peer client = gateway.connect();
    client.send(kGet);
    TlsFacts facts;
    Peer server = accept(&facts);
    ASSERT_TRUE(facts.done) << facts.error;
    server.read_head();
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_THAT(client.read_message(), HasSubstr("\r\n\r\nhello"));
  }
  void expect_refused_because(const std::string& why) {
    Peer client = gateway.connect();
    client.send(kGet);
    TlsFacts facts;
    accept(&facts);
    EXPECT_FALSE(facts.done && facts.version == "TLSv1.2");
    EXPECT_THAT(client.read_message(), AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("upstream_tls_failed")));
    EXPECT_TRUE(log.says("certificate verify failed: " + why)) << log.text();
    EXPECT_TRUE(log.says("server https://127.0.0.1:" + std::to_string(upstream.port()) +
                         " of app: upstream_tls_failed"))
        << log.text();
    EXPECT_TRUE(eventually([&] { return gateway.count(Reason::upstream_tls_failed) == 1u; }));
  }

  CapturedLog log;
  Issued identity;
  ScriptedUpstream upstream;
  Gateway gateway;
};

TEST(HttpsUpstream, IsTrustedByTheAuthorityOfItsCertificate) {
  Certificates files;
  Https https(files.authority.issue({.names = {"127.0.0.1"}}), "ca: " + files.file_of(files.authority));
  https.expect_works();
}

TEST(HttpsUpstream, IsVerifiedUnderTheNameInTheConfiguration) {
  Certificates files;
  Https https(files.authority.issue({.names = {"app.internal"}}),
              "ca: " + files.file_of(files.authority) + ", server_name: app.internal");
  https.expect_works();
}

TEST(HttpsUpstream, WithAnotherNameIsRefused) {
  Certificates files;
  Https https(files.authority.issue({.names = {"app.internal"}}), "ca: " + files.file_of(files.authority));
  https.expect_refused_because("IP address mismatch");
}

TEST(HttpsUpstream, WithAnotherNameThanConfiguredIsRefused) {
  Certificates files;
  Https https(files.authority.issue({.names = {"127.0.0.1"}}),
              "ca: " + files.file_of(files.authority) + ", server_name: app.internal");
  https.expect_refused_because("hostname mismatch");
}

TEST(HttpsUpstream, OfAnUnknownAuthorityIsRefused) {
  Certificates files;
  Https https(Authority("Nobody").issue({.names = {"127.0.0.1"}}), "ca: " + files.file_of(files.authority));
  https.expect_refused_because("unable to get local issuer certificate");
}

TEST(HttpsUpstream, IsRefusedByTheSystemsAuthoritiesWhenNoneIsNamed) {
  Https https(Authority("Nobody").issue({.names = {"127.0.0.1"}}), "verify: true");
  https.expect_refused_because("unable to get local issuer certificate");
}

TEST(HttpsUpstream, WithAnExpiredCertificateIsRefused) {
  Certificates files;
  Https https(files.authority.issue({.names = {"127.0.0.1"}, .valid_from_days = -9, .valid_to_days = -2}),
              "ca: " + files.file_of(files.authority));
  https.expect_refused_because("certificate has expired");
}

TEST(HttpsUpstream, IsTakenAsItIsWithoutVerification) {
  Https https(Authority("Nobody").issue({.names = {"elsewhere"}, .valid_from_days = -9, .valid_to_days = -2}),
              "verify: false");
  https.expect_works();
}

TEST(HttpsUpstream, ThatDoesNotSpeakTlsIs502) {
  Https https(Authority().issue({.names = {"127.0.0.1"}}), "verify: false");
  Peer client = https.gateway.connect();
  client.send(kGet);
  Peer server = https.upstream.accept();
  server.read_exactly(1);
  server.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_THAT(client.read_message(), AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("upstream_tls_failed")));
}

TEST(HttpsUpstream, ThatEndsInTheHandshakeIs502) {
  Https https(Authority().issue({.names = {"127.0.0.1"}}), "verify: false");
  Peer client = https.gateway.connect();
  client.send(kGet);
  https.upstream.accept().close();
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502 "));
}

TEST(HttpsUpstream, CarriesTunnels) {
  Https https(Authority().issue({.names = {"127.0.0.1"}}), "verify: false");
  Peer client = https.gateway.connect();
  client.send(handshake_request() + frame(1, "early", true));
  Peer server = https.accept();
  server.read_head();
  server.send(handshake_response() + frame(1, "hello", false));
  client.read_head();
  EXPECT_EQ(frame(1, "hello", false), client.read_exactly(7));
  EXPECT_EQ(frame(1, "early", true), server.read_exactly(11));
  server.send(close_frame(1000, false)).shutdown_write();
  EXPECT_EQ(close_frame(1000, false), client.read_to_end());
}

TEST(HttpsUpstream, ThatIsCutWithoutCloseNotifyCutsAnAnswerWithoutLength) {
  Https https(Authority().issue({.names = {"127.0.0.1"}}), "verify: false");
  Peer client = https.gateway.connect();
  client.send("GET / HTTP/1.0\r\nHost: example.com\r\n\r\n");
  Peer server = https.accept();
  server.read_head();
  server.send("HTTP/1.1 200 OK\r\n\r\nhalf of i");
  client.read_until("half of i");
  server.close();  // a FIN that anybody could have sent
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ(Ending::reset, client.ending());
  EXPECT_TRUE(eventually([&] { return https.gateway.count(Reason::upstream_truncated) == 1u; }));
}

TEST(HttpsUpstream, ThatEndsWithCloseNotifyEndsAnAnswerWithoutLength) {
  Https https(Authority().issue({.names = {"127.0.0.1"}}), "verify: false");
  Peer client = https.gateway.connect();
  client.send("GET / HTTP/1.0\r\nHost: example.com\r\n\r\n");
  Peer server = https.accept();
  server.read_head();
  server.send("HTTP/1.1 200 OK\r\n\r\nall of it").shutdown_write();
  EXPECT_THAT(client.read_to_end(), HasSubstr("\r\n\r\nall of it"));
  EXPECT_EQ(Ending::clean, client.ending());
}

}  // namespace
}  // namespace tidegate::test
