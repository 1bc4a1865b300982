#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

#include "gateway/tls/openssl.h"
#include "gateway/tls/server_context.h"

namespace tidegate::tls {

/// The keys that session tickets are sealed with. A new one is made every hour, on use; old ones still open
/// tickets for as long as a session may be resumed, and are then wiped: whoever steals the keys reads no more
/// than that.
///
/// Owner: the server, and every ServerContext made with it. Thread: any.
class TicketKeys {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::hours kNewKeyEvery{1};
  static constexpr std::chrono::hours kOpensFor{
      3};  ///< the hour in use, and two of OpenSSL's session timeout

  struct Key {
    std::array<std::uint8_t, 16> name;
    std::array<std::uint8_t, 32> cipher_key;  ///< AES-256-CBC
    std::array<std::uint8_t, 32> mac_key;     ///< HMAC-SHA-256
    Time made;
  };

  TicketKeys() = default;
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// The key for a new ticket.
  Key sealing(Time now);
  /// The key of that name, if it still opens tickets.
  struct Opening {
    Key key;
    bool renew;  ///< the ticket should be replaced by one under the current key
  };
  std::optional<Opening> opening(std::span<const std::uint8_t, 16> name, Time now);

 private:
  void drop_old(Time now);

  std::mutex mutex_;
  std::deque<Key> keys_;  ///< the newest first
};

/// OpenSSL's ticket callback for one SSL_CTX: `sealing` (encrypt 1) or opening. Answers what OpenSSL expects:
/// 1 go on, 2 go on and renew, 0 unknown key, -1 failure. RFC 5077 §4.
int use_ticket_key(TicketKeys& keys, const EVP_CIPHER* aes256_cbc, unsigned char* name, unsigned char* iv,
                   EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt);

}  // namespace tidegate::tls
