#include "gateway/sites/admission.h"

#include <gtest/gtest.h>

#include "gateway/base/crypto.h"
#include "gateway/sites/user_files.h"
#include "tests/unit/sites/folder.h"
#include "tests/unit/sites/request.h"

namespace tidegate::sites {
namespace {

using Kind = Opinion::Kind;

conf::AccessRule rule(bool allow, std::string_view what) {
  conf::AccessRule rule;
  rule.allow = allow;
  rule.unix_sockets = what == "unix:";
  if (what != "all" && what != "unix:") rule.block = Cidr::parse(what);
  return rule;
}

/// '+' allowed, '-' refused, ' ' nothing said.
char judged(const std::vector<conf::AccessRule>& rules, std::string_view peer) {
  const std::optional<IpAddress> address = IpAddress::parse(peer);
  const Opinion opinion = judge_address(rules, address ? &*address : nullptr);
  if (opinion.kind == Kind::none) return ' ';
  if (opinion.kind == Kind::allows) return '+';
  EXPECT_EQ(opinion.kind, Kind::refuses);
  EXPECT_EQ(opinion.refusal.status, 403);
  return '-';
}

TEST(Access, IsDecidedByTheFirstRuleThatFits) {
  const std::vector<conf::AccessRule> rules{rule(false, "10.0.0.7"), rule(true, "10.0.0.0/8"),
                                            rule(true, "2001:db8::/32"), rule(false, "192.0.2.0/24")};
  EXPECT_EQ(judged(rules, "10.0.0.7"), '-');
  EXPECT_EQ(judged(rules, "10.0.0.8"), '+');
  EXPECT_EQ(judged(rules, "::ffff:10.0.0.7"), '-');
  EXPECT_EQ(judged(rules, "192.0.2.9"), '-');
  EXPECT_EQ(judged(rules, "2001:db8::1"), '+');
  EXPECT_EQ(judged(rules, "198.51.100.1"), ' ');
  EXPECT_EQ(judged(rules, "unix"), ' ');
  EXPECT_EQ(judged({}, "10.0.0.7"), ' ');
}

TEST(Access, TellsFamiliesApart) {
  const std::vector<conf::AccessRule> all{rule(true, "10.0.0.1"), rule(false, "all")};
  for (const std::string_view peer : {"10.0.0.2", "::1", "unix"}) EXPECT_EQ(judged(all, peer), '-') << peer;
  const std::vector<conf::AccessRule> v6{rule(false, "::/0")};
  EXPECT_EQ(judged(v6, "::1"), '-');
  EXPECT_EQ(judged(v6, "10.0.0.1"), ' ');
  EXPECT_EQ(judged(v6, "unix"), ' ');
  const std::vector<conf::AccessRule> v4{rule(false, "0.0.0.0/0")};
  EXPECT_EQ(judged(v4, "10.0.0.1"), '-');
  EXPECT_EQ(judged(v4, "::1"), ' ');
  const std::vector<conf::AccessRule> local{rule(true, "unix:"), rule(false, "all")};
  EXPECT_EQ(judged(local, "unix"), '+');
  EXPECT_EQ(judged(local, "127.0.0.1"), '-');
}

std::string encoded(std::string_view pair) {
  return base64_encode({reinterpret_cast<const std::uint8_t*>(pair.data()), pair.size()});
}

/// "user|password", or "none".
std::string credentials(const std::string& authorization) {
  const test::Request request({{"Authorization", authorization}});
  const std::optional<Credentials> found = basic_credentials(request.head());
  return found ? found->user + "|" + found->password : "none";
}

TEST(BasicCredentials, AreReadAsNginxDoes) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"Basic " + encoded("user:pass"), "user|pass"},
      {"bAsIc " + encoded("user:pass"), "user|pass"},
      {"Basic    " + encoded("user:pass"), "user|pass"},
      {"Basic " + encoded("user:pa:ss:"), "user|pa:ss:"},
      {"Basic " + encoded("user:"), "user|"},
      {"Basic dXNlcjpwYXNz", "user|pass"},
      {"Basic dXNlcjpwYXM=", "user|pas"},
      {"Basic dXNlcjpwYXM", "user|pas"},
      {"Basic dXNlcjpwYXN=", "user|pas"},  // unused bits are set
      {"Basic dXNlcjpwYQ", "user|pa"},
      {"Basic dXNlcjpwYXM=rest", "user|pas"},
      {"Basic dXNlcjpwYXNzd", "none"},
      {"Basic " + encoded(":pass"), "none"},
      {"Basic " + encoded("user"), "none"},
      {"Basic " + encoded(""), "none"},
      {"Basic", "none"},
      {"Basic ", "none"},
      {"Basic =", "none"},
      {"Basic !!!!", "none"},
      {"Basic dXNl cjpw", "none"},
      {"Bearer " + encoded("user:pass"), "none"},
      {"", "none"},
  };
  for (const auto& [value, result] : cases) EXPECT_EQ(credentials(value), result) << value;
  EXPECT_FALSE(basic_credentials(test::Request().head()).has_value());
}

class BasicAuth : public ::testing::Test {
 protected:
  BasicAuth() { folder_.write("users", "user:{PLAIN}pass\n"); }
  Opinion judge(const test::Fields& fields, std::string_view file = "users",
                std::string_view realm = "the realm") {
    const test::Request request(fields);
    return judge_password(realm, folder_ / file, files_, request.subject());
  }
  static test::Fields with(std::string_view pair) { return {{"Authorization", "Basic " + encoded(pair)}}; }

  test::Folder folder_;
  UserFiles files_;
  test::LogLines log_;
};

TEST_F(BasicAuth, AllowsAndChallenges) {
  EXPECT_EQ(judge(with("user:pass")).kind, Kind::allows);
  EXPECT_EQ(judge(with("user:pass"), "users", "off").kind, Kind::none);
  EXPECT_EQ(judge({}, "none", "off").kind, Kind::none);
  for (const test::Fields& fields : {test::Fields{}, with("user:wrong"), with("other:pass"), with("user")}) {
    const Opinion opinion = judge(fields);
    EXPECT_EQ(opinion.kind, Kind::refuses);
    EXPECT_EQ(opinion.refusal.status, 401);
    ASSERT_EQ(opinion.refusal.fields.size(), 1u);
    EXPECT_EQ(opinion.refusal.fields[0].first, "WWW-Authenticate");
    EXPECT_EQ(opinion.refusal.fields[0].second, "Basic realm=\"the realm\"");
  }
  const std::string lines = log_.text();
  EXPECT_NE(lines.find("user \"user\": password mismatch, client: 192.0.2.1"), std::string::npos) << lines;
  EXPECT_NE(lines.find("user \"other\" was not found in \"" + (folder_ / "users") + "\""), std::string::npos);
  EXPECT_EQ(lines.find("wrong"), std::string::npos) << "no password in the log";
}

TEST_F(BasicAuth, RefusesWhereThereIsNoUserFile) {
  const Opinion missing = judge(with("user:pass"), "none");
  EXPECT_EQ(missing.kind, Kind::refuses);
  EXPECT_EQ(missing.refusal.status, 403);
  EXPECT_EQ(judge({}, "none").refusal.status, 401);
  folder_.make("folder");
  const Opinion unreadable = judge(with("user:pass"), "folder");
  EXPECT_EQ(unreadable.kind, Kind::fails);
  EXPECT_EQ(unreadable.refusal.status, 500);
}

TEST(AuthRequest, IsJudgedByItsStatus) {
  test::LogLines log;
  const test::Request request;
  const auto judge = [&](int status) { return judge_verdict(status, "Bearer", request.subject()); };
  for (const int status : {200, 204, 299}) EXPECT_EQ(judge(status).kind, Kind::allows) << status;
  EXPECT_EQ(judge(403).kind, Kind::refuses);
  EXPECT_EQ(judge(403).refusal.status, 403);
  EXPECT_EQ(judge(401).kind, Kind::refuses);
  EXPECT_EQ(judge(401).refusal.fields.at(0).second, "Bearer");
  EXPECT_TRUE(judge_verdict(401, "", request.subject()).refusal.fields.empty());
  for (const int status : {0, 101, 300, 302, 400, 404, 500, 502}) {
    EXPECT_EQ(judge(status).kind, Kind::fails) << status;
    EXPECT_EQ(judge(status).refusal.status, 500) << status;
  }
  EXPECT_NE(log.text().find("auth request unexpected status: 502, client: "), std::string::npos);
}

/// What becomes of a request on which modules have these opinions: 0 lets it in. 'a' allows, '-' says
/// nothing, '1' 401, '3' 403, '5' 500.
int admitted(bool any, std::string_view opinions) {
  const test::Request request;
  const Subject subject = request.subject();
  AccessPhase phase(any, subject);
  for (const char c : opinions) {
    Opinion opinion;
    if (c == 'a') opinion.kind = Kind::allows;
    if (c == '1' || c == '3') opinion.kind = Kind::refuses;
    if (c == '5') opinion.kind = Kind::fails;
    if (c != 'a' && c != '-') opinion.refusal.status = c == '1' ? 401 : c == '3' ? 403 : 500;
    if (const std::optional<Answer> answer = phase.hear(std::move(opinion))) return answer->status;
    if (phase.settled()) break;
  }
  const std::optional<Answer> answer = phase.end();
  return answer ? answer->status : 0;
}

TEST(Satisfy, All) {
  const std::pair<std::string_view, int> cases[] = {{"---", 0},   {"aaa", 0},   {"a-a", 0},   {"3aa", 403},
                                                    {"a1a", 401}, {"a13", 401}, {"aa3", 403}, {"--5", 500}};
  for (const auto& [opinions, status] : cases) EXPECT_EQ(admitted(false, opinions), status) << opinions;
}

TEST(Satisfy, Any) {
  const std::pair<std::string_view, int> cases[] = {{"---", 0},   {"a11", 0},   {"3a-", 0},   {"31a", 0},
                                                    {"31-", 401}, {"13-", 401}, {"3--", 403}, {"-33", 403},
                                                    {"35a", 500}, {"a5-", 0}};
  for (const auto& [opinions, status] : cases) EXPECT_EQ(admitted(true, opinions), status) << opinions;
}

TEST(Satisfy, SaysWhoWasTurnedAwayByARule) {
  test::LogLines log;
  const test::Request request;
  const Subject subject = request.subject();
  const std::vector<conf::AccessRule> rules{rule(false, "all")};
  AccessPhase all(false, subject), any(true, subject);
  EXPECT_EQ(all.hear(judge_address(rules, nullptr))->status, 403);
  EXPECT_NE(log.text().find("access forbidden by rule, client: 192.0.2.1, server: lab.test"),
            std::string::npos);
  EXPECT_FALSE(any.hear(judge_address(rules, nullptr)).has_value());
  EXPECT_EQ(any.end()->status, 403);
}

}  // namespace
}  // namespace tidegate::sites
