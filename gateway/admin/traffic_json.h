#pragma once

#include <cstdint>

#include "gateway/admin/json.h"
#include "metrics/tally.h"

namespace tidegate::admin {

/// {"to_upstream": …, "to_client": …}, which every count of messages and bytes is.
inline Json by_direction(std::uint64_t to_upstream, std::uint64_t to_client) {
  return {{"to_upstream", to_upstream}, {"to_client", to_client}};
}

/// Messages with a payload: pings and pongs are none.
inline Json messages_json(const metrics::Traffic& traffic) {
  using metrics::Direction;
  using metrics::Opcode;
  const auto messages = [&traffic](Direction direction) {
    const auto& by_opcode = traffic.messages[metrics::index_of(direction)];
    return by_opcode[metrics::index_of(Opcode::text)] + by_opcode[metrics::index_of(Opcode::binary)];
  };
  return by_direction(messages(Direction::to_upstream), messages(Direction::to_client));
}

inline Json bytes_json(const metrics::Traffic& traffic) {
  using metrics::Direction;
  return by_direction(traffic.bytes[metrics::index_of(Direction::to_upstream)],
                      traffic.bytes[metrics::index_of(Direction::to_client)]);
}

}  // namespace tidegate::admin
