#pragma once

#include <string>
#include <vector>

#include "conf/model.h"

namespace tidegate::conf {

/// A whole configuration without a file: everything that comes to `https` (TLS with a self-signed certificate
/// for this machine's names) goes to one server, and `http` redirects there. What `tidegate demo` and
/// `tidegate run --to` run. `machine` is this machine's own name, empty if it has none.
Config front_door(const Server& to, const ListenAddress& http, const ListenAddress& https,
                  const std::string& machine);

}  // namespace tidegate::conf
