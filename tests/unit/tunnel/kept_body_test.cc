#include "gateway/tunnel/kept_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace tidegate::tunnel {
namespace {

std::string read_all(const KeptBody& body, std::size_t piece) {
  std::string out;
  std::string buffer(piece, '\0');
  while (out.size() < body.size()) {
    const auto read = body.read(out.size(), std::as_writable_bytes(std::span(buffer)));
    if (!read || read.value() == 0) break;
    out.append(buffer, 0, read.value());
  }
  return out;
}

TEST(KeptBody, GivesBackWhatItWasGivenHoweverLongItIs) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, KeptBody::kInMemory - 1, KeptBody::kInMemory,
                                 KeptBody::kInMemory + 1, 5 * KeptBody::kInMemory}) {
    std::string content;
    for (std::size_t i = 0; i < size; ++i) content += static_cast<char>('a' + i % 23);
    KeptBody body;
    for (std::size_t at = 0; at < size; at += 1000) {
      ASSERT_TRUE(static_cast<bool>(body.append(as_bytes(std::string_view(content).substr(at, 1000)))));
    }
    EXPECT_EQ(body.size(), size);
    for (const std::size_t piece : {std::size_t{7}, std::size_t{64 * kKiB}}) {
      EXPECT_EQ(read_all(body, piece), content) << size << " in pieces of " << piece;
    }
    EXPECT_EQ(body.in_memory(), size <= KeptBody::kInMemory ? content : std::string()) << size;
  }
}

TEST(KeptBody, ReadsNothingBehindItsEnd) {
  KeptBody body;
  body.append_text("abc");
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(body.read(3, buffer).value(), 0u);
}

}  // namespace
}  // namespace tidegate::tunnel
