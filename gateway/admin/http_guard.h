#pragma once

#include <optional>
#include <string>

#include "gateway/http/head.h"

namespace tidegate::admin {

/// Why a request that came over TCP is refused. Any page in a browser of this machine can send requests to a
/// loopback address: by a name of its own that leads here (so the Host is looked at), or straight (so are
/// Origin and Sec-Fetch-Site). And any user of this machine can: so nothing is steered from there.
struct Refusal {
  int status = 403;
  std::string why;
};

/// None: it may pass.
std::optional<Refusal> refusal_over_tcp(const http::RequestHead& head);

}  // namespace tidegate::admin
