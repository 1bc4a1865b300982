#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/net/loop.h"
#include "gateway/net/stream.h"

namespace tidegate::test {

/// Breaks a stream at its nth operation. Several streams may count together. To visit every failure:
///
///     for (int n = 1;; ++n) {
///       Faults faults{.fail_at = n};
///       ... the scenario, with faults given to its streams ...
///       if (!faults.fired()) break;    // n went past the last operation
///     }
///
/// Operations are: write(), end_writing(), and each on_open, on_data and on_end before it is delivered.
struct Faults {
  int fail_at = 0;  ///< 0: never
  int operations = 0;

  bool fired() const { return fail_at != 0 && operations >= fail_at; }
  bool hit() { return ++operations == fail_at; }
};

/// The far end of a MemoryStream: what the test plays. It may outlive the stream.
///
/// Nothing here calls the stream's listener: that comes from the loop, in order. See turn().
class MemoryPeer {
 public:
  /// One on_data per call, later, unless the stream is paused.
  void send(std::string_view bytes);
  /// As send(), a byte at a time.
  void send_bytewise(std::string_view bytes);
  void end(net::End end = net::End::clean);
  /// on_error, before anything that was sent and not delivered.
  void fail(const Error& error);
  /// on_open, for a stream that was made as dialling.
  void open();

  /// What the stream has written and its "kernel" has taken.
  const std::string& received() const;
  std::string take_received();
  /// How many more bytes the "kernel" takes before the stream must queue. Unlimited at first.
  void set_window(std::size_t bytes);
  /// Takes `bytes` more, from the queue first.
  void grant(std::size_t bytes);

  bool writing_ended() const;  ///< end_writing() was called and everything before it has been taken
  bool destroyed() const;      ///< the stream is gone
  bool was_reset() const;      ///< ... after reset_on_close()
  bool reading() const;        ///< started and not paused
  int pauses() const;

  struct State;
  explicit MemoryPeer(std::shared_ptr<State> state);

 private:
  std::shared_ptr<State> state_;
};

/// A Stream in memory. Follows net::Stream's contract to the letter: nothing is called from within, pauses
/// are counted, on_drained comes once per congestion, and it may be destroyed in any callback.
class MemoryStream final : public net::Stream {
 public:
  struct Options {
    bool dialling = false;                                     ///< not open until MemoryPeer::open()
    Error error{Reason::client_reset, -104 /* ECONNRESET */};  ///< what Faults make of it
    Faults* faults = nullptr;                                  ///< must outlive the stream
    std::optional<net::TlsInfo> tls = std::nullopt;
    std::string address = "192.0.2.1";  ///< empty: none, as of a unix socket
    std::uint16_t port = 50000;
  };

  explicit MemoryStream(net::Loop& loop) : MemoryStream(loop, Options()) {}
  MemoryStream(net::Loop& loop, Options options);
  ~MemoryStream() override;

  MemoryPeer far_end() const;

  /// Joins two streams: what one writes the other reads; FIN and RST pass as well. Windows still apply.
  static void join(MemoryStream& one, MemoryStream& other);

  void set_listener(net::StreamListener& listener) override;
  void start_reading() override;
  void pause_reading() override;
  void resume_reading() override;
  using net::Stream::write;
  net::Flow write(std::span<const Bytes> pieces) override;
  std::size_t queued_bytes() const override;
  std::size_t unacknowledged_bytes() const override { return queued_bytes(); }
  void end_writing() override;
  void reset_on_close() override;
  const IpAddress* peer() const override;
  std::uint16_t peer_port() const override;
  std::string local_address() const override { return {}; }
  const net::TlsInfo* tls() const override;

 private:
  std::shared_ptr<MemoryPeer::State> state_;
};

/// Runs the loop for one turn without waiting for anything: what was deferred, retired and posted happens.
void turn(net::Loop& loop);

}  // namespace tidegate::test
