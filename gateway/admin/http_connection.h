#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/slot_map.h"
#include "gateway/http/body.h"
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

/// Answers what comes in on connections.
class HttpHandler {
 public:
  /// The largest body that this request may bring; 0: it is not read, and the connection ends with the
  /// answer.
  virtual std::size_t most_body_bytes(const HttpConnection&, const http::RequestHead&) { return 0; }
  /// A request, its body read. Ends in connection.answer() or begin_stream(), from within or later; who
  /// answers later finds the connection by its id, for it may have ended.
  virtual void on_request(HttpConnection& connection, const http::RequestHead& head, std::string body) = 0;
  /// What a request gets that breaks a rule of HTTP or one of our limits, or that does not come in time.
  virtual Answer refusal(int status) = 0;
  /// The stream's queue, which had filled up, has room again.
  virtual void on_stream_drained(HttpConnection&) {}
  /// The connection has ended; its id finds nothing from now on.
  virtual void on_gone(SlotId) {}

 protected:
  ~HttpHandler() = default;
};

/// Who owns connections.
class HttpOwner {
 public:
  /// Told once: it wants to be retired (Loop::retire).
  virtual void on_finished(HttpConnection& connection) = 0;

 protected:
  ~HttpOwner() = default;
};

/// One connection of an operator's client on the main loop: requests one after the other, by the parser and
/// the body reader that the gateway's own clients meet.
///
/// Owner:  HttpOwner. Thread: its loop's.
/// End:    finish(), once: after the peer's end, an error, or when the peer did nothing for a while that it
///         should have. The object lives until the callback has returned.
class HttpConnection final : public net::Retired, net::StreamListener {
 public:
  HttpConnection(net::Loop& loop, std::unique_ptr<net::Stream> stream, HttpOwner& owner,
                 HttpHandler& handler);
  void start(SlotId id);
  SlotId id() const { return id_; }
  bool over_unix() const { return over_unix_; }
  /// No request follows the one that is being answered; ends at once if there is none.
  void wind_down();

  /// To the request that is being answered.
  void answer(const Answer& answer);
  /// An answer whose end is not known yet: `head` without a body, which stream() sends piece by piece, until
  /// end_stream(). The client's end is the stream's, too.
  void begin_stream(const Answer& head);
  void stream(std::string_view piece);
  void end_stream();
  /// The peer does not keep up with the stream; on_stream_drained() will come.
  bool congested() const { return congested_; }

 private:
  enum class Phase { head, body, answering, streaming };

  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;
  void on_deadline();

  void proceed();
  bool wants_bytes() const;
  void take_head();
  void take_body();
  void expect_body();
  void hand_over();
  void refuse(int status);
  void be_patient();
  /// Bytes that the kernel has taken of what was written.
  std::uint64_t taken() const { return written_ - stream_->queued_bytes(); }
  /// Reading is paused while there is something to wait for.
  void update_pause();
  void write(std::string_view text);
  void say_goodbye();
  void finish();

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  HttpOwner& owner_;
  HttpHandler& handler_;
  SlotId id_;
  const bool over_unix_;
  Phase phase_ = Phase::head;
  http::RequestParser parser_;
  std::unique_ptr<http::RequestHead> request_;  ///< the one that is read or answered
  std::optional<http::BodyDecoder> decoder_;
  std::size_t most_body_bytes_ = 0;
  std::string body_;
  std::string held_;  ///< came, and is not read yet; at most one read, or kMostHeld beside a stream
  std::uint64_t written_ = 0;
  std::uint64_t had_taken_ = 0;  ///< when the deadline was armed
  bool congested_ = false;       ///< the peer does not read its answers
  bool paused_ = false;
  bool peer_ended_ = false;
  bool proceeding_ = false;  ///< proceed() is on the stack
  bool last_ = false;        ///< no request follows
  bool finished_ = false;
  net::DeadlineOf<HttpConnection, &HttpConnection::on_deadline> deadline_{*this};
};

}  // namespace tidegate::admin
