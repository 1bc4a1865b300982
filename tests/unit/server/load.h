#pragma once

#include <gtest/gtest.h>

#include <string>

#include "conf/yaml_loader.h"

namespace tidegate::server {

inline conf::Config load(const std::string& yaml) {
  Diagnostics diagnostics;
  auto config = conf::load_yaml_text(yaml, "t.yaml", "/etc/tidegate", diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) {
    if (diagnostic.severity == Diagnostic::Severity::error) ADD_FAILURE() << to_string(diagnostic);
  }
  return config.value_or(conf::Config{});
}

}  // namespace tidegate::server
