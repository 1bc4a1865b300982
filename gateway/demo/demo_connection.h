#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/demo/echo.h"
#include "gateway/http/head_parser.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/net/timer_wheel.h"

namespace tidegate::demo {

class Connection;

/// Who owns connections: told once, by each, when it wants to be retired (Loop::retire).
class ConnectionOwner {
 public:
  virtual void on_finished(Connection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

/// One connection of the demo's upstream: requests one after the other, then perhaps a WebSocket.
///
/// Owner:  DemoUpstream. Thread: its loop's.
/// End:    finish(), once; the object lives until the callback has returned.
class Connection final : public net::Retired, net::StreamListener {
 public:
  Connection(net::Loop& loop, std::unique_ptr<net::Stream> stream, ConnectionOwner& owner);
  void start();

 private:
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;
  void on_idle() { finish(); }

  /// What is left to read on this connection?
  enum class Then { requests, frames, nothing };
  Then take_requests(Bytes& bytes, std::string& out);
  Then answer(const http::RequestHead& head, std::string& out);
  void write(const std::string& out);
  void say_goodbye();
  void finish();

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  ConnectionOwner& owner_;
  http::RequestParser parser_;
  std::optional<Echo> echo_;  ///< from the 101 on
  bool finished_ = false;
  bool congested_ = false;  ///< reading is paused until the peer has read
  net::DeadlineOf<Connection, &Connection::on_idle> idle_{*this};
};

}  // namespace tidegate::demo
