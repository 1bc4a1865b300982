#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/base/reason.h"

/// Label values from closed sets: whatever a peer sends becomes one of a known number of them, so that nobody
/// can make series. Each set is numbered from 0, for arrays; `*_label()` gives the words.
namespace tidegate::metrics {

/// The methods with a label of their own; the last one stands for all others.
inline constexpr std::size_t kMethods = 10;
std::size_t method_index(std::string_view method);
std::string_view method_label(std::size_t index);

/// Codes of Close frames: RFC 6455 §7.4.1's and the registry's one by one, ranges for the rest.
inline constexpr std::size_t kCloseCodes = 16;
std::size_t close_code_index(std::uint16_t code);
std::string_view close_code_label(std::size_t index);

enum class Direction : std::uint8_t { to_upstream, to_client, kCount };
std::string_view label(Direction direction);

enum class Opcode : std::uint8_t { text, binary, ping, pong, kCount };
std::string_view label(Opcode opcode);

/// Parts of a handshake whose time is taken.
enum class Phase : std::uint8_t {
  tls,       ///< the client's TLS handshake, of every connection
  connect,   ///< from the request's head until an upstream's server has accepted
  upstream,  ///< from there until its 101
  total,     ///< from the request's head to the 101 that went to the client
  kCount,
};
std::string_view label(Phase phase);

/// How a WebSocket handshake came out, where no Reason says it.
enum class Handshake : std::uint8_t {
  accepted,  ///< a tunnel opened
  declined,  ///< the upstream answered with another status
  answered,  ///< the route answers or redirects by itself
  kCount,
};
inline constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::kCount);
inline constexpr std::size_t kHandshakeResults = static_cast<std::size_t>(Handshake::kCount) + kReasons;
constexpr std::size_t handshake_index(Handshake result) {
  return static_cast<std::size_t>(result);
}
constexpr std::size_t handshake_index(Reason reason) {
  return static_cast<std::size_t>(Handshake::kCount) + static_cast<std::size_t>(reason);
}
std::string_view handshake_label(std::size_t index);

inline constexpr std::size_t kParties = 3;  ///< as in Party

template <typename Enum>
inline constexpr std::size_t kCountOf = static_cast<std::size_t>(Enum::kCount);
template <typename Enum>
constexpr std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}

}  // namespace tidegate::metrics
