#pragma once

#include <string>
#include <string_view>

#include "conf/model.h"
#include "gateway/http/head.h"

namespace tidegate::routing {

/// What follows the first `prefix_size` characters of `uri` (normalize_path of `path`, which is the path as
/// sent, without query), written as a part of a path: as the client wrote it where that means the same, else
/// the normalised rest with its escapes put back. It never climbs above where it is put, and begins with one
/// slash at most, none if the prefix ends with one.
std::string path_rest(std::string_view path, std::string_view uri, std::size_t prefix_size);

/// The target for the upstream: head.path as sent, or, where the route says `strip_prefix` and `uri` begins
/// with that plain string, without it. Begins with one slash (and is `*` only where `*` was sent); the query
/// stays as sent.
std::string rewritten_path(const conf::Route& route, const http::RequestHead& head, std::string_view uri);

}  // namespace tidegate::routing
