#pragma once

#include <chrono>
#include <cstddef>

#include "gateway/tunnel/access_record.h"
#include "gateway/tunnel/request.h"
#include "gateway/tunnel/snapshot.h"

namespace tidegate::tunnel {

/// Counts a request that has ended, or a handshake that became a tunnel, under labels from closed sets.
/// `request` null: it was refused before its head was whole.
void count_request(const Snapshot& snapshot, std::size_t listener, const Request* request,
                   const AccessRecord& record);

/// How long the parts of an accepted handshake took. `connected`: when a server had accepted our connection.
void count_handshake_phases(const Snapshot& snapshot, const Request& request,
                            std::chrono::steady_clock::time_point connected);

}  // namespace tidegate::tunnel
