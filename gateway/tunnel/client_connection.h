#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "gateway/http/forward.h"
#include "gateway/http/head_parser.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/tunnel/host.h"
#include "gateway/tunnel/places.h"
#include "gateway/tunnel/request.h"
#include "gateway/tunnel/site_tail.h"
#include "gateway/tunnel/snapshot.h"

namespace tidegate::tunnel {

class Serving;

/// A client's connection while it speaks HTTP: reads request heads, decides what happens to each (an answer
/// of our own, or an Exchange with an upstream), keeps order under pipelining, and goes on to the next
/// request, or becomes a Tunnel, or says goodbye.
///
/// Owner:  the worker (Host). Thread: the worker's.
/// End:    close(), from whatever depth; the object lives until the callback has returned.
class ClientConnection final : public Resident, private net::StreamListener {
 public:
  /// Takes an accepted socket; begins a TLS handshake where the listener asks for it.
  ClientConnection(Host& host, std::shared_ptr<Snapshot> snapshot, std::size_t listener,
                   std::unique_ptr<net::Stream> socket);
  ~ClientConnection() override;

  void begin_drain(const DrainPlan& plan) override;
  void stop() override { cut(Reason::stop); }

  // What an Exchange, or a SiteVisit, asks of its client.

  Host& host() { return host_; }
  Snapshot& snapshot() { return *snapshot_; }
  net::Stream& stream() { return *stream_; }
  const Request& request() const { return *request_; }
  /// Will the connection serve another request after this one, as far as is known now?
  bool keeps_alive() const { return keep_alive_ && !host_.draining(); }
  /// Of its TLS handshake, before its first request; later ones have not waited for it.
  std::optional<std::chrono::steady_clock::duration> tls_time() const {
    return served_one_ ? std::nullopt : tls_time_;
  }
  void forbid_keep_alive() { keep_alive_ = false; }
  net::Flow write(std::span<const Bytes> pieces);
  /// The exchange is over and its answer is written whole: log it, then the next request or goodbye.
  void on_exchange_done(const AccessRecord& record);
  /// The exchange failed before a byte of a final answer was written: answer with the error's status.
  void on_exchange_failed(const Error& error, const AccessRecord& record);
  /// The exchange failed in the middle of its answer: the cut must be visible. `by_framing`: it is, since the
  /// client sees that the body is not whole, so that what was sent already may still arrive.
  void on_exchange_cut(const AccessRecord& record, bool by_framing);
  /// The upstream accepted the handshake, and its 101 was written to the client. Takes the tunnel over;
  /// `from_upstream` came behind the 101.
  void on_upgraded(upstream::Connection upstream, Places places, const AccessRecord& record,
                   Bytes from_upstream, std::unique_ptr<SiteTail> tail = nullptr);

  // What only a SiteVisit asks.

  /// Requests so far, this one among them.
  std::uint32_t requests() const { return requests_; }
  /// The request's body is wanted now: what waits of it comes, and more is read.
  void read_on();
  /// The visit is over and its answer is written whole: log it, then the next request, within `idle`, or
  /// goodbye.
  void on_visit_done(const AccessRecord& record, std::chrono::milliseconds idle);
  /// Goodbye without an answer (nginx's 444).
  void on_visit_hangup(const AccessRecord& record);

  /// Bytes of this connection's next request, or behind a handshake, that wait for the exchange to end.
  static constexpr std::size_t kHoldLimit = 64 * kKiB;

 private:
  enum class State : std::uint8_t { tls_handshake, head, exchange, closed };

  void on_open() override;
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;
  std::string_view log_id() const override {
    return request_ != nullptr ? std::string_view(request_->id) : std::string_view();
  }

  /// `waited`: they came while a request was being served.
  void process(Bytes bytes, bool waited = false);
  /// Feeds the head parser; answers how many bytes it took.
  std::size_t read_head(Bytes bytes);
  void hold(Bytes bytes);
  void release_held();
  void dispatch();
  void visit_site();
  bool serve_acme_challenge();
  bool redirect_listener();
  void serve_route();

  struct Answer {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string body{};
    std::vector<std::pair<std::string_view, std::string>> fields{};
    const routing::CompiledRoute* route = nullptr;  ///< whose response_headers apply
    Reason reason = Reason::none;
    AccessRecord record{};  ///< what an exchange knows already
  };
  /// An answer of the gateway's own to a sound request; the connection goes on where that is safe.
  void answer(Answer answer);
  /// The error's status, as an answer: the connection goes on.
  void fail(const Error& error, const AccessRecord& record);
  void send_redirect(const conf::Redirect& redirect, const routing::Template& to,
                     const routing::CompiledRoute* route);
  /// Refused: the status, Connection: close, nothing after it is read as a request.
  void refuse(const Error& error, AccessRecord record);
  AccessRecord make_record() const;
  void finish_record(AccessRecord& record);

  void next_request(std::chrono::milliseconds idle);
  void count_tls_failure(Reason reason);
  void broken_proxy_header();
  void client_gone();
  void say_goodbye();
  void cut(Reason reason);
  void close();
  void on_deadline();

  Host& host_;
  std::shared_ptr<Snapshot> snapshot_;
  std::size_t listener_;
  std::unique_ptr<net::Stream> stream_;
  http::RequestParser parser_;
  std::unique_ptr<Request> request_;  ///< the one being served
  std::unique_ptr<Serving> serving_;  ///< while that takes longer than a callback
  std::string held_;
  std::string server_addr_;       ///< of this end, once a site has asked for it
  std::uint64_t connection_ = 0;  ///< $connection, once a site has asked for it
  std::uint32_t requests_ = 0;
  metrics::ListenerCounts* entered_ = nullptr;  ///< where it counts as active; null: a tunnel has taken over
  std::chrono::steady_clock::time_point accepted_at_;
  std::optional<std::chrono::steady_clock::duration> tls_time_;
  net::DeadlineOf<ClientConnection, &ClientConnection::on_deadline> deadline_{*this};
  State state_ = State::head;
  bool keep_alive_ = true;
  bool pipelined_ = false;       ///< the head that is being read began while a request was being served
  bool served_one_ = false;      ///< at least one request was answered: the keep-alive timeout applies
  bool holding_paused_ = false;  ///< reading is paused because held_ is full
  bool congested_ = false;       ///< the client does not keep up with its answers
  bool client_ended_ = false;    ///< the client sent EOF
  bool processing_ = false;      ///< process() is on the stack and will go on by itself
};

}  // namespace tidegate::tunnel
