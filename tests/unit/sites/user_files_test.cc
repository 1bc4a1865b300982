#include "gateway/sites/user_files.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "gateway/sites/password.h"
#include "tests/unit/sites/folder.h"

namespace tidegate::sites {
namespace {

using Verdict = UserFiles::Verdict;
using namespace std::chrono_literals;

constexpr std::string_view kPassword = "open sesame";

TEST(Password, OfEverySchemeIsKnown) {
  // By openssl passwd, crypt(3), and `printf ... | openssl sha1 -binary | base64`.
  const std::string entries[] = {
      "{PLAIN}open sesame",
      "{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=",
      "{SSHA}WMPEqSWGh3wef3X3AgaDWdF+mw9TQUxU",
      "$apr1$abcdefgh$T64oOxnD8c28.dQa.2Lty1",
      "ab/G8gtZdMwak",
      "_J9..rasmUh306GzDvJ2",
      "$1$abcdefgh$9qMkHazuSy1Q8myEum7yb/",
      "$5$abcdefgh$FWXdh6oXOJQkX7oAcP02d0Gnxjct6ra8Fwv29U9RIN2",
      "$6$abcdefgh$CkjGkP7IIgZVUCNlt.Vi53LOYJLXZ5KzdpzEYCj01XGruA1hxZYJqccTU2zz68oJwAGsd1iPty5F7dHIatUTy/",
      "$6$rounds=1000$saltstring$AdF0dhxxQeX7lBhEFgFprDLUvtSZ7IYdRFezMwSn6Qhut1SH9kbIGcYsgWgPCQEHCNfc7DGxViV."
      "S4ubwHZG4.",
      "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy",
      "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy",
      "$y$j75$abcdefghijkl$/OYQ6YM2aN7OGxkif7YLK2VAPn5jV0nW8YSYU/CFM61",
      "$7$8/..../....abcdefgh$T0bfGuvXs3mgVMcM6v7Lg/2rKrH30DtztDY/0RdhUj2",
      "$gy$j75$abcdefghijkl$tarlWgQ/aRWFDSp98JWR45uBUNEECa91u6YBcDEo9X.",
  };
  for (const std::string& entry : entries) {
    EXPECT_TRUE(password_fits(kPassword, entry)) << entry;
    EXPECT_FALSE(password_fits("Open sesame", entry)) << entry;
    EXPECT_FALSE(password_fits("", entry)) << entry;
    EXPECT_FALSE(password_fits(std::string(kPassword) + std::string("\0x", 2), entry)) << entry;
    EXPECT_FALSE(password_fits(kPassword, entry + "x")) << entry;
    EXPECT_FALSE(password_fits(kPassword, entry.substr(0, entry.size() - 1))) << entry;
  }
}

TEST(Password, OfNoSchemeFitsNothing) {
  for (const std::string entry :
       {"", "*", "*0", "*1", "!", "x", "open sesame", "$zz$nope", "$apr1$", "$apr1$$", "{SSHA}", "{SSHA}AAAA",
        "{SSHA}not base64", "{SHA}", "{plain}open sesame", "{MD5}x", "$6$"}) {
    for (const std::string_view password : {kPassword, std::string_view(), std::string_view("*0")}) {
      EXPECT_FALSE(password_fits(password, entry)) << entry;
    }
  }
}

TEST(Password, OfApacheIsOfAnyLength) {
  EXPECT_TRUE(password_fits("", "$apr1$x$tMwYqBfQwi3FYAr0aJc8M/"));
  EXPECT_TRUE(password_fits("a very long password that is longer than sixteen bytes",
                            "$apr1$12345678$7doNvcOiE9lPjxfe2.NA1/"));
  EXPECT_EQ(apr1("x", "$apr1$0123456789$y").substr(0, 15), "$apr1$01234567$");
}

class UserFile : public ::testing::Test {
 protected:
  Verdict check(std::string_view user, std::string_view password) {
    return files_.check(folder_ / "users", user, password).verdict;
  }

  test::Folder folder_;
  UserFiles::Clock::time_point now_{1h};
  std::chrono::milliseconds cost_{0};  ///< of a look at the clock
  UserFiles files_{[this] { return now_ += cost_; }};
};

TEST_F(UserFile, IsReadAsNginxDoes) {
  folder_.write("users",
                "# c:{PLAIN}x\n"
                "plain:{PLAIN}one:a comment\n"
                "\n"
                "dup:{PLAIN}one\r\n"
                "dup:{PLAIN}two\n"
                "no colon\n"
                ":{PLAIN}nameless\n"
                "empty:\n"
                "\rodd:{PLAIN}one\n"
                "last:{PLAIN}end");
  EXPECT_EQ(check("plain", "one"), Verdict::accepted);
  EXPECT_EQ(check("plain", "one:a comment"), Verdict::mismatch);
  EXPECT_EQ(check("dup", "one"), Verdict::accepted);
  EXPECT_EQ(check("dup", "two"), Verdict::mismatch);
  EXPECT_EQ(check("last", "end"), Verdict::accepted);
  EXPECT_EQ(check("empty", ""), Verdict::mismatch);
  for (const std::string_view user :
       {"# c", "none", "no colon", "pla", "plain:{PLAIN}one", "PLAIN", "\rodd", "odd"}) {
    EXPECT_EQ(check(user, "one"), Verdict::unknown_user) << user;
  }
}

TEST_F(UserFile, IsReadAgainWhenItChanges) {
  folder_.write("users", "a:{PLAIN}one\n");
  EXPECT_EQ(check("a", "one"), Verdict::accepted);
  folder_.write("users", "a:{PLAIN}other\n");
  EXPECT_EQ(check("a", "one"), Verdict::mismatch);
  EXPECT_EQ(check("a", "other"), Verdict::accepted);
  std::filesystem::remove(folder_ / "users");
  EXPECT_EQ(check("a", "other"), Verdict::missing);
}

TEST_F(UserFile, SaysWhyItCannotBeRead) {
  EXPECT_EQ(check("a", "b"), Verdict::missing);
  folder_.make("users");
  const UserFiles::Answer answer = files_.check(folder_ / "users", "a", "b");
  EXPECT_EQ(answer.verdict, Verdict::unreadable);
  EXPECT_EQ(answer.os_error, EISDIR);
  EXPECT_EQ(files_.check((folder_ / "users") + std::string("\0x", 2), "a", "b").verdict, Verdict::missing);
  EXPECT_EQ(files_.check("", "a", "b").verdict, Verdict::missing);
  folder_.write("large", std::string(UserFiles::kMostBytes + 1, 'x'));
  EXPECT_EQ(files_.check(folder_ / "large", "a", "b").os_error, EFBIG);
}

TEST_F(UserFile, RemembersWhatWasRight) {
  folder_.write("users", "a:$1$abcdefgh$9qMkHazuSy1Q8myEum7yb/\n");
  cost_ = 700ms;  // twice in a check: what it took
  EXPECT_EQ(check("a", kPassword), Verdict::accepted);
  const auto before = now_;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(check("a", kPassword), Verdict::accepted);
  EXPECT_EQ(now_, before);
  // Not for another password, nor after the entry has changed.
  EXPECT_EQ(check("a", "wrong"), Verdict::mismatch);
  folder_.write("users", "a:$1$another1$9qMkHazuSy1Q8myEum7yb/\n");
  now_ += 1h;
  EXPECT_EQ(check("a", kPassword), Verdict::mismatch);
}

TEST_F(UserFile, BoundsTheTimeThatGuessesTake) {
  folder_.write("users", "a:$1$abcdefgh$9qMkHazuSy1Q8myEum7yb/\nb:{PLAIN}x\n");
  EXPECT_EQ(check("a", kPassword), Verdict::accepted);
  cost_ = 100ms;
  const auto began = now_;
  int checked = 0;
  for (int i = 0; i < 100; ++i) checked += check("a", "guess") == Verdict::mismatch ? 1 : 0;
  // What was saved up, and a quarter of the time that went by.
  const auto most = UserFiles::kMost + (now_ - began) / UserFiles::kShare;
  EXPECT_LE(checked * 100ms, most + 100ms);
  EXPECT_GE(checked * 100ms, most - 200ms);
  EXPECT_EQ(check("a", "guess"), Verdict::busy);
  EXPECT_EQ(check("a", kPassword), Verdict::accepted);
  EXPECT_EQ(check("b", "guess"), Verdict::mismatch);
  now_ += 4s;
  EXPECT_EQ(check("a", "guess"), Verdict::mismatch);
}

}  // namespace
}  // namespace tidegate::sites
