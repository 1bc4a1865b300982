#pragma once

#include "gateway/base/diagnostic.h"

// What the program's commands share.

namespace tidegate {

// Exit codes, as docs/reference/command-line.md lists them.
constexpr int kFine = 0;
constexpr int kFailed = 1;
constexpr int kBadCommandLine = 2;
constexpr int kRefused = 3;

/// Where a configuration is if nobody says another place.
constexpr const char* kDefaultFile = "/etc/tidegate/tidegate.yaml";

/// To stderr, in the order of the file, whoever found them.
void print(const Diagnostics& diagnostics);

}  // namespace tidegate
