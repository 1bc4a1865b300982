#include "tests/unit/conf/error_case.h"

#include <cstdlib>

#include "conf/yaml_loader.h"

namespace tidegate::conf {
namespace {

std::string complaints(const Diagnostics& diagnostics) {
  std::string out;
  for (Diagnostic diagnostic : diagnostics.list()) {
    EXPECT_EQ(diagnostic.at.file, "t.yaml");
    diagnostic.at.file.clear();
    std::string line = to_string(diagnostic);
    if (line.starts_with(':')) line.erase(0, 1);  // that stood behind the file
    out += (out.empty() ? "" : "\n") + line;
  }
  return out;
}

}  // namespace

TEST_P(LoaderErrors, AreReportedWhereTheyStand) {
  ::setenv("TIDEGATE_TEST_SET", "8080", 1);
  ::setenv("TIDEGATE_TEST_EMPTY", "", 1);
  ::unsetenv("TIDEGATE_TEST_UNSET");
  Diagnostics diagnostics;
  const auto config = load_yaml_text(GetParam().text, "t.yaml", "/etc/tidegate", diagnostics);
  EXPECT_EQ(complaints(diagnostics), GetParam().expected) << GetParam().text;
  EXPECT_EQ(config.has_value(), !diagnostics.failed());
}

}  // namespace tidegate::conf
