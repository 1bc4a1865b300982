#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "gateway/tunnel/access_record.h"
#include "gateway/tunnel/request.h"
#include "gateway/tunnel/snapshot.h"

namespace tidegate::tunnel {

/// Counts a request that has ended, or a handshake that became a tunnel, under labels from closed sets.
/// `request` null: it was refused before its head was whole.
void count_request(const Snapshot& snapshot, std::size_t listener, const Request* request,
                   const AccessRecord& record);

/// What an accepted handshake has taken time for, besides its request.
struct HandshakeCourse {
  std::optional<std::chrono::steady_clock::duration>
      tls;  ///< of the client's connection, if it is its first request
  std::chrono::steady_clock::time_point connected;  ///< when a server had accepted our connection
  const conf::Server* server = nullptr;
};

/// How long the parts of an accepted handshake took.
void count_handshake_phases(const Snapshot& snapshot, const Request& request, const HandshakeCourse& course);

}  // namespace tidegate::tunnel
