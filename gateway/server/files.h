#pragma once

#include <map>
#include <string>
#include <vector>

#include "conf/model.h"

namespace tidegate::server {

/// The files that a configuration names and that are read with it: certificates, keys, CAs. Each once.
std::vector<std::string> files_of(const conf::Config& config);

/// A digest of what the file holds right now; where it cannot be read, of why. Equal digests: nothing that a
/// reload could notice.
std::string digest_of(const std::string& path);

/// Digests by path.
using Contents = std::map<std::string, std::string>;
Contents contents_of(const conf::Config& config);

}  // namespace tidegate::server
