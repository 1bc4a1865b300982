#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "tests/integration/soak/fate.h"
#include "tests/integration/soak/random.h"

namespace tidegate::test {

/// One connection of the soak test, from connect() to its fate: opens a tunnel, sends messages of all sizes
/// when it is kicked, and compares every byte that comes back with what an echo must be.
///
/// Owner: the test. Thread: the test's. Nothing blocks.
class Client {
 public:
  /// `context`: TLS with it; null: plain.
  Client(std::uint16_t port, SSL_CTX* context, std::uint64_t seed);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int fd() const { return fd_; }
  Fate fate() const { return fate_; }
  /// Was the tunnel open at some time?
  bool was_open() const { return was_open_; }
  bool opening() const { return state_ < State::open; }
  std::uint64_t bytes_verified() const { return verified_; }
  /// What epoll should wait for.
  unsigned wanted() const;

  // Both answer false when the connection has ended; then complaint() says what was wrong, if anything.

  bool on_event(unsigned events);
  /// A turn to act: the next message, or the fate; and a slow reader's turn to read.
  bool kick();
  const std::string& complaint() const { return complaint_; }

 private:
  enum class State : std::uint8_t { connecting, tls, head, open, ended };
  enum class Transfer : std::uint8_t { some, again, end, broken };

  bool shake_tls();
  bool begin_handshake();
  bool read(std::size_t at_most);
  bool take(std::string_view bytes);
  bool take_head(std::string_view bytes);
  void compare(std::string_view bytes);
  void take_back_a_close();
  bool flush();
  Transfer receive(char* to, std::size_t size, std::size_t& count);
  Transfer send_some(std::size_t& count);

  void say(int opcode, const std::string& payload, bool fin = true);
  void say_message();
  bool meet_fate();
  void end_writing();
  void reset();
  /// The connection is over: was that as it should be?
  bool over(bool clean);
  bool complain(const std::string& what);

  Random random_;
  const Fate fate_;
  const bool slow_;
  int fd_;
  SSL* ssl_ = nullptr;
  State state_ = State::connecting;
  std::string out_;
  std::string head_;
  std::string expected_;                  ///< the echo that is still to come
  std::size_t compared_ = 0;              ///< of expected_, what has come
  std::deque<std::uint64_t> boundaries_;  ///< where expected frames end, counted from the first byte
  std::uint64_t frame_began_ = 0;         ///< where the frame begins that is coming
  std::uint64_t promised_ = 0;            ///< bytes of echo so far, come or not
  std::uint64_t verified_ = 0;
  std::string tail_;  ///< what came that was no echo: a Close
  int messages_left_;
  bool at_boundary_when_tail_began_ = true;
  bool finished_writing_ = false;
  bool close_sent_ = false;
  bool was_open_ = false;
  std::string complaint_;
};

}  // namespace tidegate::test
