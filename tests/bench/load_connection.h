#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/sockets.h"
#include "tests/bench/tls_pipe.h"

namespace tidegate::bench {

/// What every connection of a run does; set up once.
struct Plan {
  enum class Kind { tunnel, http };
  Kind kind = Kind::tunnel;
  Endpoint to;
  SSL_CTX* tls = nullptr;  ///< null: plain
  bool resume = false;     ///< offer the session of this connection's predecessor
  std::string request;     ///< the handshake of a tunnel, or the GET
  std::string message;     ///< a tunnel's message as it is sent: one masked frame
  std::string echo;        ///< and as it must come back
};

class Connection;

/// What the connections tell. Calls may come from within the connection's own calls.
class ConnectionListener {
 public:
  /// A tunnel is open; a plain HTTP connection is as good as connected once it is started.
  virtual void on_open(Connection& connection) = 0;
  /// The message or response that `send_one` asked for is here, whole and as expected.
  virtual void on_answer(Connection& connection) = 0;

 protected:
  ~ConnectionListener() = default;
};

/// One client of the gateway under test, used again for each connection that takes its place. Whatever goes
/// wrong ends the program: a number that some connections did not take part in is no number.
///
/// Owner: the load generator. Thread: the only one. End: the destructor, at the end of the program.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(const Plan& plan, Poller& poller, ConnectionListener& listener)
      : plan_(plan), poller_(poller), listener_(listener) {}
  ~Connection() { stop(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects, and with TLS and for a tunnel goes on to the end of the handshake: `on_open` says when.
  void start();
  /// Closes (with close_notify), so that `start` may come again.
  void stop();
  /// Sends one message or request. The next may be sent once its answer is here.
  void send_one();
  void on_events(std::uint32_t events);

  Clock::time_point began() const { return began_; }  ///< of what is outstanding: start or send_one
  bool resumed() const { return tls_ != nullptr && tls_->resumed(); }

  /// Makes a client's context hand each new session to the connection that got it.
  static void keep_sessions(SSL_CTX* context);

 private:
  enum class Phase { stopped, securing, upgrading, open };
  struct FreeSession {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };

  void on_secure();
  void on_readable();
  void on_plain(std::string_view bytes);
  void on_upgrade_answer(std::string_view bytes);
  void on_echo(std::string_view bytes);
  void on_response(std::string_view bytes);
  void opened();
  void send(std::string_view plain);
  void transmit(std::string_view wire);

  const Plan& plan_;
  Poller& poller_;
  ConnectionListener& listener_;
  Phase phase_ = Phase::stopped;
  int fd_ = -1;
  std::unique_ptr<TlsPipe> tls_;
  std::unique_ptr<SSL_SESSION, FreeSession> session_;
  std::string pending_;         // what the socket has not taken yet
  std::string head_;            // of an answer, as far as it is here
  std::size_t echo_bytes_ = 0;  // of the message that is coming back
  Clock::time_point began_;
};

}  // namespace tidegate::bench
