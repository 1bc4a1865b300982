#include "gateway/net/proxy_header.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/support/memory_stream.h"
#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

using State = ProxyHeaderFound::State;
using namespace std::string_literals;  // NOLINT: zeros in literals

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string binary(const std::string& kind, const std::string& body) {
  const auto size = static_cast<unsigned>(body.size());
  return kSignature + kind + static_cast<char>(size >> 8) + static_cast<char>(size & 255) + body;
}

/// Found however much of it has come; nothing before its last byte.
ProxyHeader found(const std::string& header) {
  for (std::size_t cut = 0; cut < header.size(); ++cut) {
    EXPECT_EQ(find_proxy_header(header.substr(0, cut)).state, State::incomplete) << "cut at " << cut;
  }
  const ProxyHeaderFound result = find_proxy_header(header + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(result.state, State::complete) << header;
  EXPECT_EQ(result.size, header.size());
  return result.header;
}

TEST(ProxyHeader, ReadsVersion1) {
  const ProxyHeader four = found("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
  EXPECT_EQ(four.source->to_string(), "192.0.2.1");
  EXPECT_EQ(four.destination->to_string(), "198.51.100.2");
  EXPECT_EQ(four.source_port, 56324);
  EXPECT_EQ(four.destination_port, 443);
  EXPECT_EQ(found("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n").source->to_string(), "2001:db8::1");
  EXPECT_EQ(found("PROXY UNKNOWN\r\n"), ProxyHeader());
  EXPECT_EQ(found("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), ProxyHeader());
}

TEST(ProxyHeader, ReadsVersion2) {
  const std::string four = "\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb"s;
  for (const std::string& more : {""s, "\x04\x00\x01x"s, std::string(3000, 'x')}) {
    const ProxyHeader header = found(binary("\x21\x11"s, four + more));
    EXPECT_EQ(header.source->to_string(), "192.0.2.1");
    EXPECT_EQ(header.destination->to_string(), "198.51.100.2");
    EXPECT_EQ(header.source_port, 56324);
    EXPECT_EQ(header.destination_port, 443);
  }
  const std::string six = std::string(15, '\0') + "\x01" + std::string(15, '\0') + "\x02" + "\0\x50\x01\xbb"s;
  EXPECT_EQ(found(binary("\x21\x21"s, six)).source->to_string(), "::1");
  EXPECT_EQ(found(binary("\x20\x00"s, "")), ProxyHeader()) << "LOCAL";
  EXPECT_EQ(found(binary("\x20\x11"s, four)), ProxyHeader()) << "LOCAL says nothing of anybody";
  EXPECT_EQ(found(binary("\x21\x31"s, std::string(216, 'u'))), ProxyHeader()) << "unix";
}

TEST(ProxyHeader, RefusesWhatIsNone) {
  for (const std::string& bytes :
       {"GET / HTTP/1.1\r\n"s, "\x16\x03\x01"s, "P\r"s, "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"s,
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"s, "PROXY TCP4 192.0.2.1 192.0.2.2 1 -1\r\n"s,
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"s, "PROXY TCP4 ::1 ::1 1 2\r\n"s,
        "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"s, "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"s,
        "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"s, "PROXY \r\n"s, "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"s,
        "PROXY UNKNOWN"s + std::string(100, 'x'), binary("\x11\x11"s, std::string(12, 'x')),
        binary("\x22\x11"s, std::string(12, 'x')), binary("\x21\x11"s, std::string(11, 'x')),
        binary("\x21\x21"s, std::string(35, 'x')), binary("\x21\x11"s, std::string(4081, 'x'))}) {
    EXPECT_EQ(find_proxy_header(bytes).state, State::malformed) << bytes;
  }
}

class ProxiedStreamTest : public testing::Test {
 protected:
  ProxiedStreamTest() {
    auto socket = std::make_unique<test::MemoryStream>(loop);
    peer.emplace(socket->far_end());
    stream = expect_proxy_header(std::move(socket));
    stream->set_listener(heard);
    stream->start_reading();
  }
  Loop loop;
  Recorder heard;
  std::optional<test::MemoryPeer> peer;
  std::unique_ptr<Stream> stream;
};

TEST_F(ProxiedStreamTest, KeepsTheHeaderToItself) {
  peer->send_bytewise("PROXY TCP4 192.0.2.9 192.0.2.2 7 8");
  for (int i = 0; i < 50; ++i) test::turn(loop);
  EXPECT_EQ(stream->proxied(), nullptr);
  peer->send("\r\nGET");
  test::turn(loop);
  EXPECT_EQ(heard.data, "GET");
  ASSERT_NE(stream->proxied(), nullptr);
  EXPECT_EQ(stream->proxied()->source->to_string(), "192.0.2.9");
  peer->send(" /");
  test::turn(loop);
  EXPECT_EQ(heard.data, "GET /");
  stream->write(as_bytes("yes"));
  EXPECT_EQ(peer->received(), "yes");
}

TEST_F(ProxiedStreamTest, TellsOfABrokenHeader) {
  peer->send("GET / HTTP/1.1\r\n");
  test::turn(loop);
  ASSERT_EQ(heard.errors.size(), 1u);
  EXPECT_EQ(heard.errors[0].reason, Reason::bad_framing);
  EXPECT_EQ(heard.data, "");
}

TEST_F(ProxiedStreamTest, TellsOfAnEndInTheMiddle) {
  peer->send("PROXY TCP4");
  peer->end();
  for (int i = 0; i < 3; ++i) test::turn(loop);
  EXPECT_EQ(heard.ends, 1);
}

}  // namespace
}  // namespace tidegate::net
