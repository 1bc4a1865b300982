#include "gateway/admin/server_order.h"

#include <gtest/gtest.h>

namespace tidegate::admin {
namespace {

using server::ServerOrder;

std::string read(const std::string& body) {
  std::string problem;
  const auto order = parse_server_order(body, problem);
  return order ? to_string(*order) : problem;
}

TEST(ServerOrder, IsAStateOrAWeightOrBoth) {
  EXPECT_EQ(read(R"({"state": "drain"})"), "state drain");
  EXPECT_EQ(read(R"({"state": "up"})"), "state up");
  EXPECT_EQ(read(R"({"weight": 1000})"), "weight 1000");
  EXPECT_EQ(read(R"({"weight": null})"), "weight as configured");
  EXPECT_EQ(read(R"({"weight": 1, "state": "up"})"), "state up, weight 1");
}

TEST(ServerOrder, IsNothingElse) {
  for (const std::string body :
       {"", "drain", "[]", "{}", "null", "{\"state\": \"up\"", "\xff", "{\"state\"}"}) {
    EXPECT_EQ(
        read(body),
        "the body is not an order; write {\"state\": \"drain\"}, {\"state\": \"up\"}, {\"weight\": 3} or "
        "{\"weight\": null}")
        << body;
  }
  for (const std::string state : {"\"down\"", "\"\"", "null", "1", "{}"}) {
    EXPECT_EQ(read("{\"state\": " + state + "}"),
              "\"state\" is neither \"up\" nor \"drain\"; write one of them");
  }
  for (const std::string weight :
       {"0", "-1", "1001", "1.5", "\"3\"", "1e3", "99999999999999999999", "true"}) {
    EXPECT_EQ(read("{\"weight\": " + weight + "}"),
              "\"weight\" does not fit; write a number from 1 to 1000, or null for the configured one")
        << weight;
  }
  EXPECT_EQ(read(R"({"weights": 3})"),
            "\"weights\" is not a part of an order; write {\"state\": \"drain\"}, {\"state\": \"up\"}, "
            "{\"weight\": 3} "
            "or {\"weight\": null}");
}

}  // namespace
}  // namespace tidegate::admin
