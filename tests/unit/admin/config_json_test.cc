#include "gateway/admin/config_json.h"
#include "gateway/base/text.h"

#include <gmock/gmock.h>

#include "conf/yaml_loader.h"

namespace tidegate::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kDirectory[] = TIDEGATE_SOURCE_DIR "/tests/data/conf";

conf::Config load(const std::string& yaml) {
  Diagnostics diagnostics;
  auto config = conf::load_yaml_text(yaml, "t.yaml", kDirectory, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) {
    EXPECT_EQ(diagnostic.severity, Diagnostic::Severity::warning) << to_string(diagnostic) << "\n" << yaml;
  }
  return config.value_or(conf::Config{});
}

/// As config_json() leaves it.
conf::Config without_secrets(conf::Config config) {
  for (conf::Route& route : config.routes) {
    if (route.upstream.empty()) route.websocket = {};  // has no effect there
    for (auto& [name, value] : route.request_headers.set) {
      if (!value.value.starts_with('$')) value.value = kSecret;
    }
    for (auto* pairs : {&route.match.headers, &route.match.query}) {
      for (auto& [name, value] : *pairs) value = kSecret;
    }
  }
  return config;
}

TEST(ConfigJson, IsReadAsTheConfigurationItCameFrom) {
  Diagnostics diagnostics;
  const auto every_key = conf::load_yaml(std::string(kDirectory) + "/every-key.yaml", diagnostics);
  ASSERT_TRUE(every_key);
  const std::string told = to_text(config_json(*every_key));
  EXPECT_TRUE(load(told) == without_secrets(*every_key)) << told;
  const conf::Config least = load("listeners: { a: { address: \":80\" } }");
  EXPECT_TRUE(load(to_text(config_json(least))) == least);
}

TEST(ConfigJson, HoldsNoSecret) {
  const std::string told =
      to_text(config_json(load("listeners: { a: { address: \":80\" } }\n"
                               "routes:\n"
                               "  - path: /a\n"
                               "    upstream: app\n"
                               "    match: { headers: { X-Door: hush1 }, query: { key: hush2 } }\n"
                               "    request_headers: { set: { Authorization: Bearer hush3, X-Two: \"hush4 "
                               "$host\", X-Host: \"${host}$uri\" } }\n"
                               "    response_headers: { set: { Server: ours } }\n"
                               "  - path: /b\n"
                               "    redirect: { to: \"https://user:hush5@example.com/$uri\" }\n"
                               "upstreams: { app: http://localhost:3000 }\n")));
  EXPECT_THAT(told, Not(HasSubstr("hush")));
  EXPECT_THAT(told, HasSubstr("\"X-Host\":\"${host}$uri\""));
  EXPECT_THAT(told, HasSubstr("\"Server\":\"ours\""));
  EXPECT_THAT(told, HasSubstr("https://***@example.com/$uri"));
}

TEST(ConfigJson, TakesUserAndPasswordOutOfUrls) {
  EXPECT_EQ(without_user("http://localhost:3000"), "http://localhost:3000");
  EXPECT_EQ(without_user("https://a:b@c/d@e"), "https://***@c/d@e");
  EXPECT_EQ(without_user("https://a@b@c"), "https://***@c");
  EXPECT_EQ(without_user("https://c?x=a@b"), "https://c?x=a@b");
  EXPECT_EQ(without_user("/old/@x"), "/old/@x");
  EXPECT_EQ(without_user("unix:/a@b"), "unix:/a@b");
}

}  // namespace
}  // namespace tidegate::admin
