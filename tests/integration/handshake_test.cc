// WebSocket handshakes: the first five rows of the table "Handshakes and tunnels", up to the 101.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr char kKey[] = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr char kAccept[] = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr char kBody[] = "\r\nContent-Length: 5\r\n";

/// A GET with just these fields besides Host.
std::string request(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: example.com\r\n" + fields + "\r\n";
}

struct Variant {
  const char* what;
  std::string bytes;
};

std::vector<Variant> good_handshakes() {
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  return {
      {"as a browser sends it", request("Connection: keep-alive, Upgrade\r\nPragma: no-cache\r\nUpgrade: "
                                        "websocket\r\nOrigin: https://a.example\r\n" +
                                        version + "Accept-Encoding: gzip\r\n" + kKey +
                                        "Sec-WebSocket-Extensions: permessage-deflate\r\n")},
      {"in capitals", request("CONNECTION: UPGRADE\r\nUPGRADE: WEBSOCKET\r\nSEC-WEBSOCKET-VERSION: 13\r\n" +
                              std::string("SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\n"))},
      {"in mixed case", request("connection: uPgRaDe\r\nupgrade: WebSocket\r\n" + version + kKey)},
      {"in lists",
       request("Connection: keep-alive ,, Upgrade ,x-other\r\nUpgrade: , websocket ,\r\n" + version + kKey)},
      {"in several lines",
       request(
           "Connection: keep-alive\r\nConnection: x-other\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
           version + kKey)},
      {"with white space around values",
       request("Connection:\t upgrade \t\r\nUpgrade:websocket\r\n" + version + kKey)},
      {"with an empty body",
       request("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n" + version + kKey)},
      {"after an empty line", "\r\n" + handshake_request()},
      {"in absolute-form",
       "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: "
       "websocket\r\n" +
           version + kKey + "\r\n"},
  };
}

std::vector<Variant> bad_handshakes() {
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  return {
      {"another method", request(upgrade + version + kKey, "PUT / HTTP/1.1")},
      {"HEAD", request(upgrade + version + kKey, "HEAD / HTTP/1.1")},
      {"POST without a body", request(upgrade + version + kKey + "Content-Length: 0\r\n", "POST / HTTP/1.1")},
      {"a body by length", request(upgrade + version + kKey + "Content-Length: 5\r\n") + "hello"},
      {"a body in chunks",
       request(upgrade + version + kKey + "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"},
      {"no key", request(upgrade + version)},
      {"two keys", request(upgrade + version + kKey + kKey)},
      {"an empty key", request(upgrade + version + "Sec-WebSocket-Key:\r\n")},
      {"a key that is too short",
       request(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n")},
      {"a key of 15 bytes", request(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n")},
      {"a key of 17 bytes", request(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=\r\n")},
      {"a key of 18 bytes", request(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSEh\r\n")},
      {"a key that is not base64",
       request(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*g==\r\n")},
      {"a key with padding inside",
       request(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBs=SBub25jZQ==\r\n")},
      {"no version", request(upgrade + kKey)},
      {"two versions", request(upgrade + version + version + kKey)},
      {"a version that is no number", request(upgrade + "Sec-WebSocket-Version: thirteen\r\n" + kKey)},
      {"an empty version", request(upgrade + "Sec-WebSocket-Version:\r\n" + kKey)},
  };
}

class Handshake : public TunnelScene {
 protected:
  /// Sends a handshake in two parts, and lets it become a tunnel.
  void expect_tunnel(const std::string& first, const std::string& second) {
    Peer peer = connect();
    peer.send(first);
    if (!second.empty()) peer.send(second);
    expect_answered(peer);
  }
  void expect_answered(Peer& peer) {
    Peer server = scripted.accept();
    EXPECT_THAT(server.read_head(), StartsWith("GET / HTTP/1.1\r\n"));
    server.send(handshake_response());
    EXPECT_THAT(peer.read_head(), StartsWith("HTTP/1.1 101 "));
  }
  /// Whatever the gateway answers to a request that it refuses; nothing may have been dialled.
  std::string refusal(Peer peer) {
    const std::string answer = peer.read_to_end();
    EXPECT_EQ(Ending::clean, peer.ending());
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    return answer;
  }
  /// The upstream answers a handshake with these bytes; what the client gets.
  std::string answered_with(const std::string& answer) {
    client = connect();
    client.send(handshake_request());
    upstream = scripted.accept();
    upstream.read_head();
    upstream.send(answer);
    return client.read_head();
  }
};

// ---- A handshake

TEST_F(Handshake, OpensATunnelHoweverItsTokensAreWritten) {
  start();
  for (const Variant& variant : good_handshakes()) {
    SCOPED_TRACE(variant.what);
    expect_tunnel(variant.bytes, "");
    Peer slow = connect();
    slow.send_bytewise(variant.bytes);
    expect_answered(slow);
  }
}

TEST_F(Handshake, OpensATunnelWhereverItIsCut) {
  start();
  const std::string bytes = handshake_request("/", "Sec-WebSocket-Protocol: chat, superchat\r\n");
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    expect_tunnel(bytes.substr(0, cut), bytes.substr(cut));
  }
}

TEST_F(Handshake, ReachesTheUpstreamAsOneHandshakeWithItsSubprotocolsAndExtensions) {
  start();
  client = connect();
  client.send(
      request("Connection: keep-alive\r\nConnection: Upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: WebSocket\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n"
              "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nCookie: k=v\r\n" +
              std::string(kKey)));
  upstream = scripted.accept();
  const std::string head = upstream.read_head();
  EXPECT_THAT(head, HasSubstr("\r\nConnection: Upgrade\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nUpgrade: websocket\r\n"));
  EXPECT_THAT(head, HasSubstr(std::string("\r\n") + kKey));
  EXPECT_THAT(head, HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nSec-WebSocket-Protocol: a, b\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nSec-WebSocket-Protocol: c\r\n"));
  EXPECT_THAT(head,
              HasSubstr("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nCookie: k=v\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("X-Hop")));
  EXPECT_EQ(head.find("Connection:"), head.rfind("Connection:"));
  EXPECT_EQ(head.find("Upgrade:"), head.rfind("Upgrade:"));
}

// ---- Handshakes that are wrong

TEST_F(Handshake, ThatIsWrongGets400AndNothingIsDialled) {
  start();
  for (const Variant& variant : bad_handshakes()) {
    SCOPED_TRACE(variant.what);
    Peer whole = connect();
    whole.send(variant.bytes);
    EXPECT_THAT(refusal(std::move(whole)), StartsWith("HTTP/1.1 400 "));
    Peer bytewise = connect();
    const std::size_t head = variant.bytes.find("\r\n\r\n") + 4;
    bytewise.send_bytewise(variant.bytes.substr(0, head));
    EXPECT_THAT(refusal(std::move(bytewise)), StartsWith("HTTP/1.1 400 "));
  }
  EXPECT_EQ(2 * bad_handshakes().size(), gateway->count(Reason::bad_handshake));
  EXPECT_TRUE(scripted.nobody_for(0ms));
}

TEST_F(Handshake, ThatIsWrongGets400WhereverItIsCut) {
  start();
  const std::string bytes = request(std::string("Connection: Upgrade\r\nUpgrade: websocket\r\n") + kKey);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    Peer peer = connect();
    peer.send(bytes.substr(0, cut)).send(bytes.substr(cut));
    EXPECT_THAT(refusal(std::move(peer)), StartsWith("HTTP/1.1 400 "));
  }
  EXPECT_TRUE(scripted.nobody_for(0ms));
}

TEST_F(Handshake, OfAnotherVersionGets426ThatSaysWhichIsSpoken) {
  start();
  for (const char* version : {"0", "8", "12", "14", "130"}) {
    SCOPED_TRACE(version);
    const std::string bytes = request("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
                                      std::string(version) + "\r\n" + kKey);
    Peer whole = connect();
    whole.send(bytes);
    Peer bytewise = connect();
    bytewise.send_bytewise(bytes);
    for (Peer* peer : {&whole, &bytewise}) {
      const std::string answer = refusal(std::move(*peer));
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 "));
      EXPECT_THAT(answer, HasSubstr("\r\nUpgrade: websocket\r\n"));
      EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
    }
  }
  EXPECT_TRUE(scripted.nobody_for(0ms));
}

TEST_F(Handshake, ThatIsWrongEndsTheConnectionForWhatFollowsToo) {
  start();
  client = connect();
  client.send(request(std::string("Connection: Upgrade\r\nUpgrade: websocket\r\n") + kKey) +
              handshake_request("/second"));
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(0u, answer.rfind("HTTP/1.1"));
  EXPECT_TRUE(scripted.nobody_for(0ms));
}

// ---- What is no WebSocket handshake

TEST_F(Handshake, OfAnythingElseBecomesAnOrdinaryRequest) {
  start();
  const std::string complete = std::string("Sec-WebSocket-Version: 13\r\n") + kKey;
  const std::vector<Variant> variants{
      {"h2c",
       request(
           "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n")},
      {"TLS", request("Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n")},
      {"websockets", request("Connection: Upgrade\r\nUpgrade: websockets\r\n" + complete)},
      {"not nominated", request("Upgrade: websocket\r\n" + complete)},
      {"something else nominated",
       request("Connection: keep-alive, Upgrad\r\nUpgrade: websocket\r\n" + complete)},
      {"nominated without the field", request("Connection: Upgrade\r\n" + complete)},
      {"in HTTP/1.0", request("Connection: Upgrade\r\nUpgrade: websocket\r\n" + complete, "GET / HTTP/1.0")},
  };
  for (const Variant& variant : variants) {
    for (const bool bytewise : {false, true}) {
      SCOPED_TRACE(variant.what);
      Peer peer = connect();
      bytewise ? peer.send_bytewise(variant.bytes) : peer.send(variant.bytes);
      Peer server = scripted.accept();
      const std::string head = server.read_head();
      EXPECT_THAT(head, StartsWith("GET / HTTP/1.1\r\n"));
      EXPECT_THAT(head, Not(HasSubstr("\r\nUpgrade:")));
      EXPECT_THAT(head, Not(HasSubstr("pgrade")));
      EXPECT_THAT(head, Not(HasSubstr("HTTP2-Settings")));
      server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
      EXPECT_THAT(peer.read_message(), HasSubstr("200 OK"));
    }
  }
}

TEST_F(Handshake, ToAnHttp10ClientNeverBecomesATunnel) {
  start();
  client = connect();
  client.send(
      "GET / HTTP/1.0\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\n" +
      std::string(kKey) + "\r\n");
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send(handshake_response());
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 502 "));
  upstream.expect_end();
}

// ---- Origins

TEST_F(Handshake, FromAnotherOriginGets403AndNothingIsDialled) {
  start("", "    websocket: { origins: [\"https://example.com\", \"https://*.example.com\"] }\n");
  for (const char* origin : {"https://evil.example", "http://example.com", "https://example.com.evil.example",
                             "https://example.com:8443", "null"}) {
    SCOPED_TRACE(origin);
    const std::string bytes = handshake_request("/", "Origin: " + std::string(origin) + "\r\n");
    Peer peer = connect();
    for (const bool bytewise : {false, true}) {  // the connection stays usable
      bytewise ? peer.send_bytewise(bytes) : peer.send(bytes);
      EXPECT_THAT(peer.read_message(), StartsWith("HTTP/1.1 403 "));
    }
  }
  const std::string cut_here = handshake_request("/", "Origin: https://evil.example\r\n");
  Peer peer = connect();
  for (std::size_t cut = 1; cut < cut_here.size(); ++cut) {
    peer.send(cut_here.substr(0, cut)).send(cut_here.substr(cut));
    EXPECT_THAT(peer.read_message(), StartsWith("HTTP/1.1 403 ")) << "cut at " << cut;
  }
  EXPECT_TRUE(scripted.nobody_for(0ms));
  for (const char* origin : {"https://example.com", "https://chat.example.com", "HTTPS://Example.COM"}) {
    SCOPED_TRACE(origin);
    expect_tunnel(handshake_request("/", "Origin: " + std::string(origin) + "\r\n"), "");
  }
  expect_tunnel(handshake_request(), "");  // without an Origin it is no browser
}

// ---- The upstream says 101

TEST_F(Handshake, AnswerComesThroughWhereverItIsCut) {
  start();
  const std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: WEBSOCKET\r\nConnection: keep-alive, UPGRADE\r\n"
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" +
      std::string(kAccept) + "\r\n";
  const std::string first = frame(1, "behind the 101", false);
  const std::string bytes = answer + first;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    client = connect();
    client.send(handshake_request());
    upstream = scripted.accept();
    upstream.read_head();
    cut == 0 ? upstream.send_bytewise(bytes) : upstream.send(bytes.substr(0, cut)).send(bytes.substr(cut));
    const std::string head = client.read_head();
    EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
    EXPECT_THAT(head, HasSubstr(std::string("\r\n") + kAccept));
    EXPECT_THAT(head, HasSubstr("\r\nConnection: Upgrade\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
    EXPECT_EQ(first, client.read_exactly(first.size()));
  }
}

TEST_F(Handshake, AnswerLosesItsFramingFields) {
  start();
  for (const char* framing :
       {"Content-Length: 0\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
    SCOPED_TRACE(framing);
    const std::string head = answered_with(handshake_response(framing));
    EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(head, Not(HasSubstr("Transfer-Encoding")));
    expect_to_client(frame(2, "not a body", false));
    expect_to_upstream(frame(2, "nor this", true));
  }
}

TEST_F(Handshake, AnswerThatIsWrongIsA502AndThatConnectionIsClosed) {
  start();
  const std::string status = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::vector<Variant> variants{
      {"no accept", status + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
      {"the accept of another key", status + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n\r\n"},
      {"the key itself", status + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"},
      {"the accept twice",
       status + "Connection: Upgrade\r\nUpgrade: websocket\r\n" + kAccept + kAccept + "\r\n"},
      {"no Upgrade", status + "Connection: Upgrade\r\n" + kAccept + "\r\n"},
      {"another Upgrade", status + "Connection: Upgrade\r\nUpgrade: h2c\r\n" + kAccept + "\r\n"},
      {"no Connection", status + "Upgrade: websocket\r\n" + kAccept + "\r\n"},
      {"Connection without upgrade",
       status + "Connection: keep-alive\r\nUpgrade: websocket\r\n" + kAccept + "\r\n"},
  };
  for (const Variant& variant : variants) {
    SCOPED_TRACE(variant.what);
    EXPECT_THAT(answered_with(variant.bytes + frame(1, "not for the client", false)),
                StartsWith("HTTP/1.1 502 "));
    EXPECT_THAT(client.read_until("\n"), HasSubstr("502"));
    upstream.expect_end();
    client.send(handshake_request());  // the client did nothing wrong: its connection goes on
    expect_answered(client);
  }
  EXPECT_EQ(variants.size(), gateway->count(Reason::upstream_bad_upgrade));
}

TEST_F(Handshake, AnswerThatNobodyAskedForIsA502AndThatConnectionIsClosed) {
  start();
  for (const char* line : {"GET / HTTP/1.1", "POST / HTTP/1.1", "HEAD / HTTP/1.1", "OPTIONS * HTTP/1.1"}) {
    SCOPED_TRACE(line);
    client = connect();
    client.send(request(*line == 'P' ? "Content-Length: 0\r\n" : "", line));
    upstream = scripted.accept();
    upstream.read_head();
    upstream.send(handshake_response());
    EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 502 "));
    upstream.expect_end();
  }
}

TEST_F(Handshake, AnswerMayNameASubprotocolThatWasNotOffered) {
  start();
  const std::string head = answered_with(
      handshake_response("Sec-WebSocket-Protocol: surprise\r\nSec-WebSocket-Extensions: x-unheard-of\r\n"));
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(head, HasSubstr("\r\nSec-WebSocket-Protocol: surprise\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nSec-WebSocket-Extensions: x-unheard-of\r\n"));
  expect_to_client(frame(1, "works all the same", false));
}

// ---- The upstream says anything else

TEST_F(Handshake, ThatTheUpstreamRefusesIsAnOrdinaryResponseAndTheConnectionGoesOn) {
  start();
  client = connect();
  for (const char* status :
       {"200 OK", "302 Found", "401 Unauthorized", "403 Forbidden", "404 Not Found", "426 Upgrade Required",
        "500 Internal Server Error", "503 Service Unavailable"}) {
    SCOPED_TRACE(status);
    client.send(handshake_request());
    Peer server = scripted.accept();
    server.read_head();
    server.send(
        "HTTP/1.1 " + std::string(status) +
        "\r\nSet-Cookie: session=1\r\nSet-Cookie: b=2\r\nLocation: /login\r\nWWW-Authenticate: Basic" +
        kBody + "Connection: close\r\n\r\nhello");
    const std::string answer = client.read_message();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::string(status) + "\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nSet-Cookie: session=1\r\nSet-Cookie: b=2\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nLocation: /login\r\n"));
    EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nhello"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
  }
  client.send(request(""));
  upstream = scripted.accept();
  EXPECT_THAT(upstream.read_head(), Not(HasSubstr("pgrade")));
  upstream.send(kOk);
  EXPECT_THAT(client.read_message(), testing::EndsWith("ok"));
  client.send(handshake_request());
  Peer server = scripted.accept();
  server.read_head();
  server.send(handshake_response());
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
}

TEST_F(Handshake, ThatIsRefusedInChunksComesWhole) {
  start();
  EXPECT_THAT(
      answered_with("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nno no\r\n0\r\n\r\n"),
      HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_EQ("5\r\nno no\r\n0\r\n\r\n", client.read_until("0\r\n\r\n"));
}

TEST_F(Handshake, LetsInterimAnswersThroughBeforeThe101) {
  start();
  client = connect();
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send(
      "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" +
      handshake_response());
  EXPECT_EQ("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n", client.read_head());
  EXPECT_EQ("HTTP/1.1 102 Processing\r\n\r\n", client.read_head());
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  expect_to_client(frame(1, "after all that", false));
}

TEST_F(Handshake, ThatTheUpstreamDoesNotAnswerIsA502OrA504) {
  start("", "    timeouts: { response: 100ms }\n");
  client = connect();
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  upstream.close();
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502 "));
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send("HTTP/1.1 101 Switching Protocols\r\nUpgr");
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 504 "));
  upstream.expect_end();
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send("HTTP/1.1 101 Switching Protocols\r\nUpgr").reset();
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(Handshake, OfAClientThatGoesAwayIsCancelledAtTheUpstream) {
  start();
  for (const bool reset : {false, true}) {
    client = connect();
    client.send(handshake_request());
    upstream = scripted.accept();
    upstream.read_head();
    reset ? client.reset() : client.close();
    upstream.expect_end();
  }
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ(2u, gateway->count(Reason::client_gone));
}

TEST_F(Handshake, ThatEndsHalfwayLeavesNothing) {
  start();
  const std::string bytes = handshake_request();
  for (std::size_t cut = 1; cut < bytes.size(); cut += 7) {
    for (const bool reset : {false, true}) {
      Peer peer = connect();
      peer.send(bytes.substr(0, cut));
      reset ? peer.reset() : peer.shutdown_write();
      if (!reset) peer.expect_end();
    }
  }
  EXPECT_TRUE(gateway->empties());
  EXPECT_TRUE(scripted.nobody_for(0ms));
}

}  // namespace
}  // namespace tidegate::test
