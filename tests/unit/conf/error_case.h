#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace tidegate::conf {

/// A configuration and all that the loader says about it: one complaint per line, `line:column: message`
/// (without the file's name, and without a place where there is none). At most warnings mean that it loads.
struct ErrorCase {
  std::string name;
  std::string text;
  std::string expected;
};

inline std::string case_name(const ::testing::TestParamInfo<ErrorCase>& info) {
  return info.param.name;
}
inline void PrintTo(const ErrorCase& error_case, std::ostream* out) {
  *out << error_case.name;
}

class LoaderErrors : public ::testing::TestWithParam<ErrorCase> {};

}  // namespace tidegate::conf
