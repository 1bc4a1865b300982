#pragma once

#include <memory>

#include "gateway/net/listening_socket.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"

namespace tidegate::net {

/// Hears of accepted connections.
class AcceptListener {
 public:
  virtual void on_accept(std::unique_ptr<Stream> stream) = 0;
  /// EMFILE or ENFILE: accepting has paused (true) or goes on again (false).
  virtual void on_descriptors_exhausted(bool exhausted) = 0;

 protected:
  ~AcceptListener() = default;
};

/// Accepts on one loop, at most a few connections per loop turn so that a reconnect storm does not starve
/// what is open. When descriptors run out it pauses (waiting connections stay in the backlog) and tries again
/// every 100 ms. The destructor stops accepting at once; if the socket is nobody else's, those who still wait
/// are reset.
class Acceptor {
 public:
  Acceptor(Loop& loop, ListeningSocket socket, AcceptListener& listener);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// What comes before the destructor, so that nobody is reset who has connected: turn_away_newcomers(), and
  /// when that is done everywhere accept_waiting(), which calls on_accept() from within. Both do nothing if
  /// another process has the socket too: then nobody is lost.
  void turn_away_newcomers();
  void accept_waiting();

 private:
  struct Core;
  Core* core_;
};

}  // namespace tidegate::net
