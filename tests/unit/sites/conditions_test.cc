#include "gateway/sites/conditions.h"

#include <gtest/gtest.h>

#include "tests/unit/sites/request.h"

namespace tidegate::sites {
namespace {

using Comparison = conf::FileRules::IfModifiedSince;
using test::Fields;

// Sun, 06 Nov 1994 08:49:37 GMT
const Validators kFile{.etag = "\"2ebc98a1-6\"", .modified_s = 784111777, .length = 6};
constexpr std::string_view kThen = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kLater = "Sun, 06 Nov 1994 08:49:38 GMT";

struct Case {
  Fields fields;
  int status;
};

std::string shown(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += name + ": " + value + "; ";
  return out;
}

void expect(std::span<const Case> cases, const Validators& validators, Comparison comparison) {
  for (const auto& [fields, status] : cases) {
    const test::Request request(fields);
    EXPECT_EQ(check_conditions(request.head(), validators, comparison), status) << shown(fields);
  }
}

std::pair<std::string, std::string> field(std::string_view name, std::string_view value) {
  return {std::string(name), std::string(value)};
}

TEST(Conditions, AreJudgedAsNginxDoes) {
  const auto since = [](std::string_view value) { return field("If-Modified-Since", value); };
  const auto until = [](std::string_view value) { return field("If-Unmodified-Since", value); };
  const auto none = [](std::string_view value) { return field("If-None-Match", value); };
  const auto match = [](std::string_view value) { return field("If-Match", value); };
  const Case cases[] = {
      {{}, 200},
      {{since(kThen)}, 304},
      {{since(kBefore)}, 200},
      {{since(kLater)}, 200},  // `exact`
      {{since("yesterday")}, 200},
      {{since("")}, 200},
      {{until(kThen)}, 200},
      {{until(kLater)}, 200},
      {{until(kBefore)}, 412},
      {{until("yesterday")}, 412},
      {{none("*")}, 304},
      {{none("\"2ebc98a1-6\"")}, 304},
      {{none("W/\"2ebc98a1-6\"")}, 304},
      {{none("\"a\", W/\"2ebc98a1-6\"")}, 304},
      {{none("\"a\" ,\t\"2ebc98a1-6\" , \"b\"")}, 304},
      {{none("\"a\"")}, 200},
      {{none("\"2ebc98a1-6")}, 200},
      {{none("\"2ebc98a1-6\"x")}, 200},
      {{none("2ebc98a1-6")}, 200},
      {{none("")}, 200},
      {{none(",,,")}, 200},
      {{match("*")}, 200},
      {{match("\"2ebc98a1-6\"")}, 200},
      {{match("\"a\",\"2ebc98a1-6\"")}, 200},
      {{match("W/\"2ebc98a1-6\"")}, 412},  // RFC 9110 §13.1.1: the strong comparison
      {{match("\"a\"")}, 412},
      {{match("")}, 412},
      // Both of a kind must agree.
      {{since(kThen), none("\"a\"")}, 200},
      {{since(kBefore), none("\"2ebc98a1-6\"")}, 200},
      {{since(kThen), none("\"2ebc98a1-6\"")}, 304},
      {{until(kThen), match("\"a\"")}, 412},
      {{until(kBefore), match("*")}, 412},
      {{match("*"), none("*")}, 304},
      {{match("\"a\""), none("*")}, 412},
      {{until(kLater), since(kThen)}, 304},
  };
  expect(cases, kFile, Comparison::exact);
}

TEST(Conditions, CompareModificationTimesAsToldTo) {
  const Case before[] = {{{field("If-Modified-Since", kLater)}, 304},
                         {{field("If-Modified-Since", kThen)}, 304},
                         {{field("If-Modified-Since", kBefore)}, 200},
                         {{field("If-Modified-Since", "never")}, 200}};
  expect(before, kFile, Comparison::before);
  const Case off[] = {{{field("If-Modified-Since", kThen)}, 200},
                      {{field("If-Modified-Since", kThen), field("If-None-Match", "*")}, 200},
                      {{field("If-None-Match", "*")}, 304}};
  expect(off, kFile, Comparison::off);
}

TEST(Conditions, AreHeldAgainstAnswersWithoutValidatorsToo) {
  const Case cases[] = {{{}, 200},
                        {{field("If-None-Match", "*")}, 304},
                        {{field("If-None-Match", "\"a\"")}, 200},
                        {{field("If-Match", "*")}, 200},
                        {{field("If-Match", "\"a\"")}, 412},
                        {{field("If-Modified-Since", kThen)}, 200},
                        {{field("If-Unmodified-Since", kLater)}, 412}};
  expect(cases, Validators{}, Comparison::exact);
}

TEST(Etag, IsTimeAndSizeInHex) {
  EXPECT_EQ(etag_of(File(-1, 6, 784111777)), "\"2ebc98a1-6\"");
  EXPECT_EQ(etag_of(File(-1, 0, 0)), "\"0-0\"");
  EXPECT_EQ(etag_of(File(-1, std::uint64_t{1} << 40, 1795265376)), "\"6b019360-10000000000\"");
}

}  // namespace
}  // namespace tidegate::sites
