#pragma once

#include <optional>
#include <string>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"

namespace tidegate {

/// The options of `demo` and `run --to`.
struct FrontDoor {
  std::string to;
  std::string http = ":8080";
  std::string https = ":8443";
};

/// The configuration that they stand for; nothing if one of them cannot be read.
std::optional<conf::Config> front_door(const FrontDoor& options, Diagnostics& diagnostics);

/// Where a browser on this machine finds the two listeners, on stdout.
void print_urls(const conf::Config& config, const std::string& what);

}  // namespace tidegate
