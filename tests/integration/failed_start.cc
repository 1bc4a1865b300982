#include "tests/integration/failed_start.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "conf/yaml_loader.h"
#include "gateway/admin/metrics_listener.h"
#include "gateway/server/server.h"

namespace tidegate::test {

std::string complaints_at_start(const std::string& yaml, const std::string& dir) {
  Diagnostics diagnostics;
  auto config = conf::load_yaml_text(yaml, "test.yaml", dir, diagnostics);
  if (config) {
    server::Server server({.handle_signals = false});
    const admin::MetricsListener metrics(server);
    EXPECT_FALSE(server.start(std::make_shared<const conf::Config>(*std::move(config)), diagnostics))
        << "it starts";
  }
  std::string all;
  for (const Diagnostic& diagnostic : diagnostics.list()) all += to_string(diagnostic) + "\n";
  return all;
}

}  // namespace tidegate::test
