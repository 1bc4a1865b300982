#include "gateway/base/crypto.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace tidegate {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// FIPS 180-4's examples.
TEST(Crypto, Sha1) {
  EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Crypto, Sha256) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NE(sha256(std::string_view("a\0b", 3)), sha256("a")) << "a NUL does not end the text";
}

// RFC 6455 §1.3.
TEST(Crypto, WebsocketAccept) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

// RFC 4648 §10.
const std::vector<std::pair<std::string, std::string>> kBase64 = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}};

TEST(Base64, Encodes) {
  for (const auto& [plain, encoded] : kBase64) EXPECT_EQ(base64_encode(bytes(plain)), encoded);
}

TEST(Base64, Decodes) {
  for (const auto& [plain, encoded] : kBase64) EXPECT_EQ(base64_decode(encoded), plain);
}

TEST(Base64, GoesRoundForEveryByteAndLength) {
  std::string text;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes(text))), text) << text.size();
    text += static_cast<char>(i);
  }
}

TEST(Base64, RefusesWhatIsNotExactlyBase64) {
  for (const std::string_view bad : {"Zg", "Zg=", "Zg===", "=", "==", "====", "Z===", "Zm9v=", "Zm9vZm=v",
                                     "Zm 9", " Zg==", "Zg==\n", "Zm9-", "Zm9_", "Zg==Zg==", "Zm\x80v"}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(base64_decode(std::string_view("Zm9\0", 4)), std::nullopt);
}

TEST(Base64, RefusesUnusedBitsThatAreNotZero) {
  EXPECT_EQ(base64_decode("Zh=="), std::nullopt);
  EXPECT_EQ(base64_decode("Zm9="), std::nullopt);
}

TEST(Base64, UrlFormHasNoPaddingAndOtherSigns) {
  EXPECT_EQ(base64_encode(bytes("\xfb\xff\xfe")), "+//+");
  EXPECT_EQ(base64url_encode(bytes("\xfb\xff\xfe")), "-__-");
  EXPECT_EQ(base64url_encode(bytes("f")), "Zg");
  EXPECT_EQ(base64url_encode(bytes("")), "");
}

TEST(Random, DoesNotRepeat) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_u64());
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Random, FillsEveryByte) {
  std::vector<std::set<std::uint8_t>> seen(33);
  for (int i = 0; i < 64; ++i) {
    std::vector<std::uint8_t> out(33);
    fill_random(out);
    for (std::size_t at = 0; at < out.size(); ++at) seen[at].insert(out[at]);
  }
  for (const auto& values : seen) EXPECT_GT(values.size(), 8u);
}

}  // namespace
}  // namespace tidegate
