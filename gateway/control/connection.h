#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::control {

/// Where a gateway's admin API is.
struct Address {
  std::string unix_path;  ///< not empty: a unix socket
  std::string host;       ///< else a literal address without brackets
  std::uint16_t port = 0;
  std::string found;  ///< how we came by it, in words: "the default"
};
/// As the configuration writes it.
std::string to_string(const Address& address);

/// Why there is no answer.
struct Failure {
  enum class Kind {
    nobody,     ///< nobody listens there
    forbidden,  ///< we may not
    timeout,
    broken,   ///< not what the admin API says
    refused,  ///< the gateway said no
  };
  Kind kind = Kind::nobody;
  std::string words{};  ///< what was wrong; what would be right
};

using Deadline = std::chrono::steady_clock::time_point;

/// A blocking connection, each step of which has a deadline.
///
/// Owner: the call that asks. Thread: its own. End: the destructor closes it.
class Connection {
 public:
  static std::optional<Connection> open(const Address& address, Deadline deadline, Failure& failure);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  bool send(std::string_view bytes, Deadline deadline, Failure& failure);
  /// What has come, at most 64 KiB, empty at the peer's end; nothing on failure.
  std::optional<std::string> receive(Deadline deadline, Failure& failure);

 private:
  Connection(int descriptor, const Address& address) : descriptor_(descriptor), address_(address) {}
  bool connect(Deadline deadline, Failure& failure);
  bool wait(short events, Deadline deadline, Failure& failure);
  bool fail(int error, Failure& failure);

  int descriptor_;
  const Address& address_;
};

}  // namespace tidegate::control
