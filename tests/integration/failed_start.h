#pragma once

#include <string>

namespace tidegate::test {

/// Starts a gateway in the process that must not start; answers its complaints, each on a line of its own.
/// The file is called test.yaml, and relative paths are relative to `dir`.
std::string complaints_at_start(const std::string& yaml, const std::string& dir);

}  // namespace tidegate::test
