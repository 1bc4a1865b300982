// Input that nobody writes in good faith: it must be refused in bounded time and memory, and nothing may be
// thrown.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "conf/yaml_loader.h"

namespace tidegate::conf {
namespace {

constexpr std::size_t kMegabyte = 1u << 20;

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Loads, whatever comes of it.
std::size_t load(std::string_view text) {
  Diagnostics diagnostics;
  const auto config = load_yaml_text(text, "t.yaml", "/", diagnostics);
  EXPECT_EQ(config.has_value(), !diagnostics.failed());
  return diagnostics.errors();
}

std::string repeat(std::string_view piece, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += piece;
  return out;
}

TEST(HostileInput, EveryTruncationOfGoodFiles) {
  for (const char* name : {"/conf/tidegate.yaml", "/tests/data/conf/every-key.yaml"}) {
    const std::string text = read(TIDEGATE_SOURCE_DIR + std::string(name));
    ASSERT_FALSE(text.empty());
    for (std::size_t length = 0; length < text.size(); ++length)
      load(std::string_view(text).substr(0, length));
  }
}

TEST(HostileInput, EveryByteChanged) {
  const std::string text = read(TIDEGATE_SOURCE_DIR "/conf/tidegate.yaml");
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'\0', '\xff', '*', '&', '[', '{', '"', '\n', ':', '!'}) {
      std::string changed = text;
      changed[i] = c;
      load(changed);
    }
  }
}

TEST(HostileInput, MegabytesOfOneThing) {
  for (const char* piece : {"[",  "{",     "]",     "}",     "- ",   "? ",   ": ", "a: ", "&a ", "*a ", "!a ",
                            "!!", "\"",    "'",     "|\n",   ">\n",  "#",    "\n", " ",   "\t",  "a",   ",",
                            "%",  "---\n", "...\n", "- a\n", "{a: ", "[a, ", "\\", "&",   "*",   "a\n"}) {
    EXPECT_GT(load(repeat(piece, kMegabyte)), 0u) << piece;
  }
}

TEST(HostileInput, MegabytesOfOneThingInAValue) {
  for (const char* piece : {"[", "{", "- ", "? ", "a: ", "&a ", "!a ", "x", "\xc3\xa9", "${env:", "$"}) {
    EXPECT_GT(load("listeners: " + repeat(piece, kMegabyte)), 0u) << piece;
    EXPECT_GT(load("listeners: \"" + repeat(piece, kMegabyte)), 0u) << piece;
    EXPECT_GT(load("routes:\n  - host: [" + repeat(piece, kMegabyte) + "]"), 0u) << piece;
  }
}

TEST(HostileInput, ManyUnknownKeys) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(load(text), 20001u) << "each of them, and that there is no listener";
}

TEST(HostileInput, BinaryGarbage) {
  std::uint32_t state = 1;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 200; ++i) {
      state = state * 1664525u + 1013904223u;
      text += static_cast<char>(state >> 24);
    }
    EXPECT_GT(load(text), 0u);
  }
}

TEST(HostileInput, AliasesThatMultiply) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 20; ++level) {
    const std::string below = "*a" + std::to_string(level - 1);
    const std::string name = "a" + std::to_string(level);
    text += name + ": &" + name + " [";
    for (int i = 0; i < 9; ++i) text += below + ", ";
    text += below + "]\n";
  }
  EXPECT_EQ(load(text), 1u) << "stopped at the bound";
}

TEST(HostileInput, AliasesOfALongString) {
  std::string text = "a: &a " + std::string(kMegabyte, 'x') + "\nb: [";
  for (int i = 0; i < 1000; ++i) text += "*a, ";
  EXPECT_EQ(load(text + "*a]\n"), 1u) << "stopped at the bound";
}

TEST(HostileInput, AliasesThatDeepen) {
  std::string text = "a0: &a0 [x]\n";
  for (int level = 1; level < 40; ++level) {
    text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [*a" +
            std::to_string(level - 1) + "]\n";
  }
  EXPECT_EQ(load(text), 1u) << "stopped at the bound";
}

TEST(HostileInput, AFileThatIsTooLarge) {
  Diagnostics diagnostics;
  EXPECT_FALSE(load_yaml("/dev/zero", diagnostics));
  ASSERT_EQ(diagnostics.errors(), 1u);
  EXPECT_EQ(to_string(diagnostics.list()[0]),
            "/dev/zero: the file is larger than 4 MiB; a configuration is smaller, is this the right file?");
}

}  // namespace
}  // namespace tidegate::conf
