#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/tunnel/frame_trace.h"
#include "gateway/tunnel/host.h"
#include "gateway/tunnel/places.h"
#include "gateway/tunnel/site_tail.h"
#include "gateway/tunnel/snapshot.h"
#include "gateway/tunnel/tunnel_info.h"
#include "gateway/upstream/connector.h"
#include "gateway/websocket/frame_scanner.h"

namespace tidegate::tunnel {

/// What a tunnel remembers of the request that opened it, for its last log record.
struct TunnelOrigin {
  std::string id;
  std::string remote_addr;
  std::string target;
  std::string host;
  std::size_t listener = 0;                    ///< index in the snapshot
  metrics::ListenerCounts* entered = nullptr;  ///< where the client's connection counts as active
  Places places;
  std::unique_ptr<SiteTail> tail{};  ///< of a site's; null: a route's
};

/// Joins a client and an upstream after a verified 101: bytes go from one read straight to the other side's
/// write, unchanged; a header-only scanner follows each direction, counts, and tells where a control frame of
/// the gateway's own may be put.
///
///     client_ ──on_data──► to_upstream_ (scan) ──write──► upstream_
///     client_ ◄──write──── to_client_   (scan) ◄─on_data── upstream_
///
/// Owner:  the worker (Host). Thread: the worker's.
/// End:    finish(), from whatever depth; the object lives until the callback has returned.
class Tunnel final : public Resident {
  using Clock = std::chrono::steady_clock;

 public:
  Tunnel(Host& host, std::shared_ptr<Snapshot> snapshot, const routing::CompiledRoute& route,
         std::unique_ptr<net::Stream> client, upstream::Connection upstream, TunnelOrigin origin);
  ~Tunnel() override;

  /// Bytes that came behind the handshake and behind the 101, each in order and before any other.
  /// `client_paused`: the client's reading is paused once, because so much came early.
  void start(Bytes from_client, Bytes from_upstream, bool client_paused);

  void begin_drain(const DrainPlan& plan) override;
  void stop() override { finish(Reason::stop); }
  std::optional<TunnelPlace> place() const override;
  void add_to(metrics::Tally& tally) const override;
  Tunnel* as_tunnel() override { return this; }

  // What an operator sees of it, and may ask.

  const std::string& id() const { return origin_.id; }
  const conf::Route& route() const { return *route_.conf; }
  Clock::time_point opened_at() const { return opened_; }
  std::uint64_t messages() const { return to_upstream_.scanner.messages() + to_client_.scanner.messages(); }
  std::uint64_t bytes() const { return to_upstream_.scanner.bytes() + to_client_.scanner.bytes(); }
  TunnelInfo tell() const;
  /// Close frames with this code to both sides, then `timeouts.close` for theirs. A tunnel that is closing
  /// already gets no other code: it is given no more time than that.
  void close(std::uint16_t code);
  /// From here on `trace` hears of each frame, until untrace() or the tunnel's end.
  void trace(std::shared_ptr<FrameTrace> trace);
  void untrace(const std::shared_ptr<FrameTrace>& trace);

 private:
  /// One way through the tunnel.
  struct Direction {
    Direction(websocket::Sender sender, std::uint64_t max_message_bytes)
        : scanner(sender, max_message_bytes) {}
    websocket::FrameScanner scanner;
    std::chrono::steady_clock::time_point
        stalled_since{};              ///< with `congested`: when the sink last took a byte
    std::size_t stalled_bytes = 0;    ///< what was queued then
    std::uint16_t close_pending = 0;  ///< a Close of ours with this code waits for a frame boundary; 0: none
    bool ping_pending = false;
    bool congested = false;        ///< the source is paused because the sink does not keep up
    bool ended = false;            ///< the source sent EOF
    bool muted = false;            ///< a Close of ours went this way: nothing more does
    bool heard_since_ping = true;  ///< bytes came from the source since we pinged it
    bool stop_counted = false;     ///< the scanner's stop was counted
  };
  struct ClientSide final : net::StreamListener {
    explicit ClientSide(Tunnel& t) : tunnel(t) {}
    void on_data(Bytes bytes) override { tunnel.forward(tunnel.to_upstream_, bytes); }
    void on_end(net::End) override { tunnel.on_client_end(); }
    void on_error(const Error& error) override { tunnel.on_client_error(error); }
    void on_drained() override { tunnel.on_drained(tunnel.to_client_); }
    std::string_view log_id() const override { return tunnel.id(); }
    Tunnel& tunnel;
  };
  struct UpstreamSide final : net::StreamListener {
    explicit UpstreamSide(Tunnel& t) : tunnel(t) {}
    void on_data(Bytes bytes) override { tunnel.forward(tunnel.to_client_, bytes); }
    void on_end(net::End) override { tunnel.on_upstream_end(); }
    void on_error(const Error& error) override { tunnel.on_upstream_error(error); }
    void on_drained() override { tunnel.on_drained(tunnel.to_upstream_); }
    std::string_view log_id() const override { return tunnel.id(); }
    Tunnel& tunnel;
  };

  net::Stream& source(const Direction& d) { return &d == &to_upstream_ ? *client_ : *upstream_.stream; }
  net::Stream& sink(const Direction& d) { return &d == &to_upstream_ ? *upstream_.stream : *client_; }
  Direction& other(const Direction& d) { return &d == &to_upstream_ ? to_client_ : to_upstream_; }
  metrics::Direction direction_of(const Direction& d) const {
    return &d == &to_upstream_ ? metrics::Direction::to_upstream : metrics::Direction::to_client;
  }
  void trace_own(const Direction& d, websocket::Opcode opcode, std::uint64_t length,
                 std::optional<std::uint16_t> close_code);
  /// As whom we speak when we put a frame of ours into this direction.
  websocket::Sender speaks_as(const Direction& d) const;

  void forward(Direction& d, Bytes bytes);
  void forward_with_control(Direction& d, Bytes bytes, const websocket::FrameScanner::Seen& seen);
  void write(Direction& d, std::span<const Bytes> pieces);
  void write_close(Direction& d, std::uint16_t code);
  void write_ping(Direction& d, Bytes behind);
  void on_drained(Direction& d);
  /// Reads the source again, if it was paused because the sink did not keep up.
  void resume_source(Direction& d);
  void on_client_end();
  void on_upstream_end();
  void on_client_error(const Error& error);
  void on_upstream_error(const Error& error);

  void close_oversized(Direction& d, Bytes bytes, const websocket::FrameScanner::Seen& seen);
  /// Starts the closing handshake on both sides; whatever is left after `patience` is cut.
  void shut(Reason reason, std::uint16_t code, std::chrono::milliseconds patience);
  void send_close(Direction& d, std::uint16_t code);
  void send_ping(Direction& d);
  void end_if_both_closed();
  /// Does the sink know that nothing more comes?
  bool told_the_end(const Direction& d) const {
    return d.muted || d.ended || d.scanner.close_code().has_value();
  }
  void set_ended(Party by, Reason reason);
  void cut_after(std::chrono::milliseconds patience);
  void finish(Reason reason, int os_error = 0);
  void log_end(int os_error);
  metrics::Traffic traffic() const;
  void count_end();

  void on_deadline();
  bool check_stall(Direction& d, Clock::time_point now);
  void ping_both(Clock::time_point now);
  bool expired(Clock::time_point since, std::chrono::milliseconds limit, Clock::time_point now) const;
  /// Arms the deadline for the earliest of what may happen next. Activity only ever moves events later, so it
  /// is not called per message.
  void schedule();
  Clock::time_point next_event() const;

  Host& host_;
  std::shared_ptr<Snapshot> snapshot_;
  const routing::CompiledRoute& route_;
  metrics::RouteCounts& counts_;
  std::unique_ptr<net::Stream> client_;
  upstream::Connection upstream_;
  ClientSide client_side_{*this};
  UpstreamSide upstream_side_{*this};
  Direction to_upstream_;
  Direction to_client_;
  TunnelOrigin origin_;
  std::unique_ptr<Tracing> tracing_;  ///< null: nobody watches
  net::DeadlineOf<Tunnel, &Tunnel::on_deadline> deadline_{*this};
  Clock::time_point opened_;
  Clock::time_point last_activity_;
  Clock::time_point next_ping_ = Clock::time_point::max();
  Clock::time_point drain_at_ = Clock::time_point::max();  ///< when our turn in the drain's window comes
  Clock::time_point cut_at_ = Clock::time_point::max();    ///< when what is left is cut
  Clock::time_point drain_cut_at_{};                       ///< `cut_at_` once it came
  Clock::time_point armed_for_{};                          ///< when deadline_ will fire, if armed
  std::uint16_t drain_code_ = 0;
  Reason drain_reason_ = Reason::drain;
  Reason reason_ = Reason::none;  ///< the first reason to end, which the record tells
  Party ended_by_ = Party::gateway;
  bool closing_ = false;  ///< shut() has begun
  bool finished_ = false;
};

}  // namespace tidegate::tunnel
