#include "gateway/server/blueprint.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/unit/server/load.h"

namespace tidegate::server {
namespace {

/// A blueprint of one server whose only location passes to this target.
std::shared_ptr<const Blueprint> passing_to(const std::string& target) {
  conf::Config config = load(
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\n"
      "routes:\n  - path: /\n    respond: { status: 200 }\n");
  auto sites = std::make_shared<conf::Sites>();
  sites->by_listener.push_back({{0}, 0});
  conf::Location& location = sites->servers.emplace_back().locations.emplace_back();
  location.proxy.emplace().target.value = target;
  config.sites = std::move(sites);
  Diagnostics diagnostics;
  auto blueprint = Blueprint::make(std::make_shared<const conf::Config>(std::move(config)), diagnostics);
  for (const Diagnostic& each : diagnostics.list()) ADD_FAILURE() << to_string(each);
  return blueprint;
}

TEST(Blueprint, HasTlsForTargetsThatMayComeToHttps) {
  for (const char* target : {"https://$arg_to", "$arg_to", "$scheme://localhost"})
    EXPECT_EQ(passing_to(target)->variable_tls.size(), 1u) << target;
  for (const char* target : {"http://$arg_to", "HTTP://$host:$arg_port"}) {
    EXPECT_TRUE(passing_to(target)->variable_tls.empty()) << target;
    EXPECT_TRUE(passing_to(target)->variable_tls_of.empty()) << target;
  }
}

}  // namespace
}  // namespace tidegate::server
