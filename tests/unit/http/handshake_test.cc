// The first three rows of the table "Handshakes and tunnels", and what the gateway asks of a 101.
#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

constexpr std::string_view kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";  // RFC 6455 §1.3
constexpr std::string_view kVersion = "Sec-WebSocket-Version: 13\r\n";
constexpr std::string_view kUpgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

std::string join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::string_view part : parts) text += part;
  return text;
}

Upgrade judge(std::initializer_list<std::string_view> fields, std::string_view line = "GET /ws HTTP/1.1") {
  const auto outcome = read_request(join({line, "\r\nHost: a\r\n", join(fields), "\r\n"}));
  EXPECT_EQ(word(outcome.reason), word(Reason::none));
  return outcome.head ? outcome.head->upgrade : Upgrade::none;
}

TEST(Handshake, IsRecognised) {
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion}), Upgrade::websocket);
}

TEST(Handshake, TakesTokensInAnyCaseInListsAndOverSeveralLines) {
  EXPECT_EQ(judge({"connection: UPGRADE\r\nUPGRADE: WebSocket\r\n", kKey, kVersion}), Upgrade::websocket);
  EXPECT_EQ(judge({"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n", kKey, kVersion}),
            Upgrade::websocket);
  EXPECT_EQ(judge({"Connection: ,,upgrade ,x\r\nUpgrade: h2c , websocket\r\n", kKey, kVersion}),
            Upgrade::websocket);
  EXPECT_EQ(judge({"Connection: keep-alive\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
                   kKey, kVersion}),
            Upgrade::websocket);
}

TEST(Handshake, MayHaveALengthOf0) {
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion, "Content-Length: 0\r\n"}), Upgrade::websocket);
}

TEST(Handshake, HasNoBody) {
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion, "Content-Length: 1\r\n"}), Upgrade::websocket_invalid);
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion, "Transfer-Encoding: chunked\r\n"}), Upgrade::websocket_invalid);
}

TEST(Handshake, IsAGet) {
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion}, "POST /ws HTTP/1.1"), Upgrade::websocket_invalid);
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion}, "HEAD /ws HTTP/1.1"), Upgrade::websocket_invalid);
}

TEST(Handshake, HasExactlyOneKey) {
  EXPECT_EQ(judge({kUpgrade, kVersion}), Upgrade::websocket_invalid);
  EXPECT_EQ(judge({kUpgrade, kVersion, kKey, kKey}), Upgrade::websocket_invalid);
}

TEST(Handshake, HasAKeyOf16Bytes) {
  for (std::string_view key :
       {"", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZT0=", "dGhlIHNhbXBsZSBub24=", "dGhlIHNhbXBsZSBub25jZQ-=",
        "dGhl HNhbXBsZSBub25jZQ==", "dGhl*HNhbXBsZSBub25jZQ==", "========================"}) {
    EXPECT_EQ(judge({kUpgrade, kVersion, "Sec-WebSocket-Key: ", key, "\r\n"}), Upgrade::websocket_invalid)
        << key;
  }
  EXPECT_EQ(judge({kUpgrade, kVersion, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"}),
            Upgrade::websocket);
  // Bits that no byte uses are not all zero; a decoder passes over them.
  EXPECT_EQ(judge({kUpgrade, kVersion, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n"}),
            Upgrade::websocket);
}

TEST(Handshake, HasVersion13) {
  for (std::string_view version : {"8", "7", "0", "14", "255", "013"}) {
    EXPECT_EQ(judge({kUpgrade, kKey, "Sec-WebSocket-Version: ", version, "\r\n"}), Upgrade::websocket_version)
        << version;
  }
  EXPECT_EQ(judge({kUpgrade, "Sec-WebSocket-Version: 8\r\n"}), Upgrade::websocket_version);
}

TEST(Handshake, IsInvalidWithoutAReadableVersion) {
  EXPECT_EQ(judge({kUpgrade, kKey}), Upgrade::websocket_invalid);
  EXPECT_EQ(judge({kUpgrade, kKey, "Sec-WebSocket-Version: x\r\n"}), Upgrade::websocket_invalid);
  EXPECT_EQ(judge({kUpgrade, kKey, "Sec-WebSocket-Version: 8, 13\r\n"}), Upgrade::websocket_invalid);
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion, kVersion}), Upgrade::websocket_invalid);
}

TEST(Handshake, IsAnOrdinaryRequestWithAnotherUpgrade) {
  EXPECT_EQ(
      judge({"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"}),
      Upgrade::none);
  EXPECT_EQ(judge({"Connection: Upgrade\r\nUpgrade: websocket/13\r\n", kKey, kVersion}), Upgrade::none);
}

TEST(Handshake, IsAnOrdinaryRequestWhereConnectionDoesNotNominateUpgrade) {
  EXPECT_EQ(judge({"Upgrade: websocket\r\n", kKey, kVersion}), Upgrade::none);
  EXPECT_EQ(judge({"Connection: keep-alive\r\nUpgrade: websocket\r\n", kKey, kVersion}), Upgrade::none);
  EXPECT_EQ(judge({"Connection: Upgrade\r\n", kKey, kVersion}), Upgrade::none);
  EXPECT_EQ(judge({kKey, kVersion}), Upgrade::none);
}

TEST(Handshake, IsAnOrdinaryRequestInHttp10) {
  EXPECT_EQ(judge({kUpgrade, kKey, kVersion}, "GET /ws HTTP/1.0"), Upgrade::none);
}

class HandshakeAnswer : public testing::Test {
 protected:
  std::shared_ptr<RequestHead> request(std::string_view extra = {}) {
    return read_request(join({"GET /ws HTTP/1.1\r\nHost: a\r\n", kUpgrade, kKey, kVersion, extra, "\r\n"}))
        .head;
  }
  std::shared_ptr<ResponseHead> answer(std::string_view fields,
                                       std::string_view status = "101 Switching Protocols") {
    return read_response(join({"HTTP/1.1 ", status, "\r\n", fields, "\r\n"})).head;
  }
  bool accepts(std::string_view fields, std::string_view status = "101 Switching Protocols") {
    return accepts_handshake(*answer(fields, status), *request());
  }
  static constexpr std::string_view kAccept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
};

TEST_F(HandshakeAnswer, FitsTheKey) {
  EXPECT_TRUE(accepts(join({"Upgrade: websocket\r\nConnection: Upgrade\r\n", kAccept})));
  EXPECT_TRUE(accepts(join({"upgrade: WebSocket\r\nconnection: x, upgrade\r\n", kAccept})));
}

TEST_F(HandshakeAnswer, IsA101) {
  EXPECT_FALSE(accepts(join({kUpgrade, kAccept}), "200 OK"));
}

TEST_F(HandshakeAnswer, NamesTheUpgrade) {
  EXPECT_FALSE(accepts(join({"Connection: Upgrade\r\n", kAccept})));
  EXPECT_FALSE(accepts(join({"Connection: Upgrade\r\nUpgrade: h2c\r\n", kAccept})));
  EXPECT_FALSE(accepts(join({"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", kAccept})));
}

TEST_F(HandshakeAnswer, NominatesTheUpgrade) {
  EXPECT_FALSE(accepts(join({"Upgrade: websocket\r\n", kAccept})));
  EXPECT_FALSE(accepts(join({"Upgrade: websocket\r\nConnection: keep-alive\r\n", kAccept})));
}

TEST_F(HandshakeAnswer, HasTheRightAcceptOnce) {
  EXPECT_FALSE(accepts(kUpgrade));
  EXPECT_FALSE(accepts(join({kUpgrade, "Sec-WebSocket-Accept: x\r\n"})));
  EXPECT_FALSE(accepts(join({kUpgrade, "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n"})));
  EXPECT_FALSE(accepts(join({kUpgrade, kAccept, kAccept})));
}

TEST_F(HandshakeAnswer, AnswersAHandshakeOnly) {
  const auto plain = read_request("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head;
  EXPECT_FALSE(accepts_handshake(*answer(join({kUpgrade, kAccept})), *plain));
}

TEST_F(HandshakeAnswer, MayNameWhatWasNotOffered) {
  const auto offer = request(
      "Sec-WebSocket-Protocol: chat, mqtt\r\nSec-WebSocket-Protocol: stomp\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x\r\n");
  const auto unoffered = [&](std::string_view fields) { return answers_unoffered(*answer(fields), *offer); };
  EXPECT_FALSE(unoffered(""));
  EXPECT_FALSE(unoffered("Sec-WebSocket-Protocol: stomp\r\n"));
  EXPECT_TRUE(unoffered("Sec-WebSocket-Protocol: amqp\r\n"));
  EXPECT_TRUE(unoffered("Sec-WebSocket-Protocol: STOMP\r\n"));
  EXPECT_FALSE(unoffered("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"));
  EXPECT_FALSE(unoffered("Sec-WebSocket-Extensions: Permessage-Deflate , x\r\n"));
  EXPECT_TRUE(unoffered("Sec-WebSocket-Extensions: x, y\r\n"));
}

}  // namespace
}  // namespace tidegate::http
