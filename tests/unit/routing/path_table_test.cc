#include "gateway/routing/path_table.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/routing/requests.h"

namespace tidegate::routing {
namespace {

/// The longest prefix by looking at each.
const CompiledRoute* longest(const std::vector<CompiledRoute>& routes, std::string_view uri) {
  const CompiledRoute* best = nullptr;
  for (const CompiledRoute& route : routes) {
    const std::string& text = route.conf->path.text.value;
    if (uri.starts_with(text) && (best == nullptr || text.size() > best->conf->path.text.value.size()))
      best = &route;
  }
  return best;
}

std::string random_path(std::mt19937& random, std::size_t most) {
  std::string out = "/";
  for (auto count = random() % most; count > 0; --count) out += "ab/\xff"[random() % 4];
  return normalize_path(out).value();
}

TEST(PathTable, FindsTheLongestPrefixWhateverTheyAre) {
  std::mt19937 random(3);  // NOLINT: the same tables every time
  for (int round = 0; round < 200; ++round) {
    std::vector<conf::Route> confs(random() % 30);
    std::vector<CompiledRoute> routes(confs.size());
    PathTable table;
    for (std::size_t i = 0; i < confs.size(); ++i) {
      confs[i].path.text.value = random_path(random, 6);
      routes[i].conf = &confs[i];
      table.add(routes[i], nullptr);
    }
    table.finish();
    for (int i = 0; i < 50; ++i) {
      const test::Request request(random_path(random, 10));
      const CompiledRoute* found = table.find(request.view, false);
      ASSERT_EQ(found, longest(routes, request.view.uri))
          << "round " << round << " path " << request.view.uri;
    }
  }
}

TEST(PathTable, PassesOverToTheNextShorterPrefix) {
  std::vector<conf::Route> confs(4);
  const char* const texts[] = {"/", "/a", "/a/b", "/a/b/c"};
  std::vector<CompiledRoute> routes(4);
  PathTable table;
  for (std::size_t i = 0; i < 4; ++i) {
    confs[i].path.text.value = texts[i];
    confs[i].match.methods = {i == 1 ? "GET" : "POST"};
    routes[i].conf = &confs[i];
    table.add(routes[i], nullptr);
  }
  table.finish();
  EXPECT_EQ(table.find(test::Request("/a/b/c/d").view, false), &routes[1]);
  EXPECT_EQ(table.find(test::Request("/b").view, false), nullptr);
}

}  // namespace
}  // namespace tidegate::routing
