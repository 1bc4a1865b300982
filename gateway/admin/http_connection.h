#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/slot_map.h"
#include "gateway/http/head_parser.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/net/timer_wheel.h"

namespace tidegate::admin {

class HttpConnection;

struct Answer {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";  ///< lives as long as the program
  std::string body{};
  std::vector<std::pair<std::string_view, std::string>> fields{};
};

/// Who owns connections, and answers what comes in on them.
class HttpOwner {
 public:
  /// Ends in connection.answer(), from within or later; who answers later finds the connection by its id, for
  /// it may have ended.
  virtual void on_request(HttpConnection& connection, const http::RequestHead& head) = 0;
  /// Told once: it wants to be retired (Loop::retire).
  virtual void on_finished(HttpConnection& connection) = 0;

 protected:
  ~HttpOwner() = default;
};

/// One connection of an operator's client on the main loop: requests one after the other, by the parser that
/// the gateway's own clients meet. A request's body is not read, and ends the connection.
///
/// Owner:  HttpOwner. Thread: its loop's.
/// End:    finish(), once: after the peer's end, an error, or when nothing was answered for a while. The
/// object lives
///         until the callback has returned.
class HttpConnection final : public net::Retired, net::StreamListener {
 public:
  HttpConnection(net::Loop& loop, std::unique_ptr<net::Stream> stream, HttpOwner& owner);
  void start(SlotId id);
  SlotId id() const { return id_; }
  /// To the request that is being answered.
  void answer(const Answer& answer);

 private:
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;
  void on_deadline() { finish(); }

  void proceed();
  void take_request();
  void refuse(const Error& error);
  /// Reading is paused while there is something to wait for.
  void update_pause();
  void write(const std::string& text);
  void say_goodbye();
  void finish();

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  HttpOwner& owner_;
  SlotId id_;
  http::RequestParser parser_;
  std::unique_ptr<http::RequestHead> request_;  ///< the one being answered
  std::string held_;                            ///< came, and is not read yet; at most one read
  bool congested_ = false;                      ///< the peer does not read its answers
  bool paused_ = false;
  bool peer_ended_ = false;
  bool proceeding_ = false;  ///< proceed() is on the stack
  bool last_ = false;        ///< no request follows
  bool finished_ = false;
  net::DeadlineOf<HttpConnection, &HttpConnection::on_deadline> deadline_{*this};
};

}  // namespace tidegate::admin
