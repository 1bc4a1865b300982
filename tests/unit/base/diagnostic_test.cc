#include "gateway/base/diagnostic.h"

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(Diagnostic, NamesThePlaceAsFarAsItIsKnown) {
  using Severity = Diagnostic::Severity;
  EXPECT_EQ(to_string({Severity::error, {"a.yaml", 3, 7}, "no"}), "a.yaml:3:7: no");
  EXPECT_EQ(to_string({Severity::error, {"a.yaml", 3, 0}, "no"}), "a.yaml:3: no");
  EXPECT_EQ(to_string({Severity::error, {"a.yaml", 0, 7}, "no"}), "a.yaml: no")
      << "a column without a line says nothing";
  EXPECT_EQ(to_string({Severity::error, {}, "no"}), "no");
}

TEST(Diagnostic, SaysWhenItIsAWarning) {
  EXPECT_EQ(to_string({Diagnostic::Severity::warning, {"a.yaml", 3, 7}, "hm"}), "a.yaml:3:7: warning: hm");
  EXPECT_EQ(to_string({Diagnostic::Severity::warning, {}, "hm"}), "warning: hm");
}

TEST(Diagnostics, FailsByErrorsAlone) {
  Diagnostics diagnostics;
  diagnostics.warning({}, "hm");
  EXPECT_FALSE(diagnostics.failed());
  diagnostics.error({"a", 1, 1}, "first");
  diagnostics.error({"a", 2, 1}, "second");
  EXPECT_TRUE(diagnostics.failed());
  EXPECT_EQ(diagnostics.errors(), 2u);
  ASSERT_EQ(diagnostics.list().size(), 3u);
  EXPECT_EQ(diagnostics.list()[0].message, "hm");
  EXPECT_EQ(diagnostics.list()[2].at.line, 2);
}

TEST(Position, DoesNotMakeValuesDiffer) {
  EXPECT_EQ((Position{"a", 1, 2}), (Position{"b", 3, 4}));
}

}  // namespace
}  // namespace tidegate
