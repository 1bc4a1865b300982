#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::test {

/// How long a test waits for anything before it gives up.
inline constexpr std::chrono::seconds kPatience{10};

/// How the other side of a connection ended.
enum class Ending { none, clean, reset };

/// One connected socket (or TLS over one), played by a test byte by byte: blocking calls with a deadline. A
/// call that runs out of time fails the test and answers what it has.
class Peer {
 public:
  /// What travels below; null: the socket itself.
  class Layer {
   public:
    virtual ~Layer() = default;
    /// As read(2) and write(2), blocking with the socket's timeouts; 0 is a clean end.
    virtual long read(char* to, std::size_t size) = 0;
    virtual long write(const char* from, std::size_t size) = 0;
    virtual void end() = 0;  ///< close_notify
  };

  explicit Peer(int fd);
  Peer(int fd, std::unique_ptr<Layer> layer);
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&& other) noexcept;
  ~Peer();

  /// Connects to a loopback port; `receive_buffer` bytes of SO_RCVBUF if not zero (slow readers).
  static Peer connect(std::uint16_t port, int receive_buffer = 0);
  static Peer connect_unix(const std::string& path);

  Peer& send(std::string_view bytes);
  /// Each byte in a segment of its own.
  Peer& send_bytewise(std::string_view bytes);
  /// Sends as much as goes until the other side does not take more for `stall`; answers how much went.
  std::size_t send_until_stalled(std::string_view chunk, std::size_t at_most,
                                 std::chrono::milliseconds stall);

  /// Reads until what came contains `mark`, answers everything up to and with it; what follows is kept.
  std::string read_until(std::string_view mark);
  /// A message head, with its empty line.
  std::string read_head() { return read_until("\r\n\r\n"); }
  std::string read_exactly(std::size_t size);
  /// Everything until the other side ends, in which way `ending()` tells.
  std::string read_to_end();
  /// A whole response (or request): head, and the body that its Content-Length or chunked coding says
  /// (decoded form is not made: the bytes as they came).
  std::string read_message();
  /// Fails the test unless the other side ends (either way) before anything more comes.
  void expect_end();
  /// Nothing comes for this long. For tests that something is NOT sent; the only wait for a time there is.
  bool silent_for(std::chrono::milliseconds time);
  Ending ending() const { return ending_; }

  void shutdown_write();  ///< FIN (and close_notify under TLS)
  void reset();           ///< RST, and the socket is closed
  void close();
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  /// Reads once into kept_; false at an end or when time ran out.
  bool fill();

  int fd_ = -1;
  std::unique_ptr<Layer> layer_;
  std::string kept_;
  Ending ending_ = Ending::none;
};

/// A listening socket on 127.0.0.1 (or a unix path) that a test plays the upstream with.
class ScriptedUpstream {
 public:
  ScriptedUpstream();
  explicit ScriptedUpstream(const std::string& unix_path);
  ~ScriptedUpstream();
  ScriptedUpstream(const ScriptedUpstream&) = delete;
  ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The next connection; fails the test when none comes in time. `receive_buffer` as for connect().
  Peer accept(int receive_buffer = 0);
  /// Nobody connects for this long.
  bool nobody_for(std::chrono::milliseconds time);
  /// Nobody listens there any more.
  void close();

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

/// A port of 127.0.0.1 where nobody listens.
std::uint16_t closed_port();

/// Waits until `condition()`; false when kPatience has passed.
template <typename Condition>
bool eventually(Condition condition);

void pause_briefly();

template <typename Condition>
bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    pause_briefly();
  }
  return true;
}

}  // namespace tidegate::test
