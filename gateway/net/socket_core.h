#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "gateway/base/bytes.h"
#include "gateway/base/ip.h"
#include "gateway/base/reason.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"

namespace tidegate::net {

/// Above this many queued bytes a stream is congested; at half of it, it has drained.
inline constexpr std::size_t kHighMarkBytes = 64 * kKiB;

/// The part of a socket stream that libuv knows. There are two per tunnel for as long as it lasts, so every
/// byte counts: what only a dial or an unfinished write needs lives in blocks of its own.
///
/// Owner:  its Socket until close(), then libuv; the close callback deletes it.
/// Thread: its loop's.
class SocketCore final : public Deferred {
 public:
  enum class Kind : std::uint8_t { tcp, unix };
  enum class State : std::uint8_t {
    dialling,  ///< writes are queued
    open,
    failing,  ///< broken; on_error is on its way
    failed,   ///< on_error has been called
    closed,   ///< the wrapper is gone; the close callback is on its way
  };

  SocketCore(Loop& loop, Kind kind, State state);

  /// Takes over `fd`, and closes it if that fails.
  int open(int fd);
  void close();

  void set_listener(StreamListener& listener);
  void start_reading();
  void pause_reading();
  void resume_reading();
  Flow write(std::span<const Bytes> pieces);
  std::size_t queued_bytes() const;
  std::size_t unacknowledged_bytes() const;
  void end_writing();
  void reset_on_close();

  /// A TCP dial is under way, on a socket that libuv has made.
  void dialling();
  /// A dial succeeded. Calls the listener.
  void opened();
  /// A dial is going to be reported as succeeded, from the loop.
  void open_later() { loop().defer(*this); }
  /// The socket broke: on_error will come from the loop.
  void fail_later(int os_error);
  /// Calls on_error, as its last act.
  void fail_now(const Error& error);
  Error error_for(int os_error) const;

  void on_deferred() override;
  Loop& loop() const { return *static_cast<Loop*>(uv_.any.loop->data); }
  State state() const { return state_; }
  uv_tcp_t& tcp() { return uv_.tcp; }

  void set_peer(const IpAddress& address, std::uint16_t port);
  const IpAddress* peer() const { return has_peer_ ? &peer_ : nullptr; }
  std::uint16_t peer_port() const { return peer_port_; }
  std::string local_address() const;

 private:
  struct WriteBlock;

  static SocketCore& of(void* handle) {
    return *static_cast<SocketCore*>(static_cast<uv_handle_t*>(handle)->data);
  }
  static void on_uv_alloc(uv_handle_t* handle, std::size_t suggested, uv_buf_t* buffer) noexcept;
  static void on_uv_read(uv_stream_t* stream, ssize_t result, const uv_buf_t* buffer) noexcept;
  static void on_uv_written(uv_write_t* request, int status) noexcept;

  int fd() const;
  void update_reading();
  void deliver_the_rest();
  ssize_t try_write(std::span<const Bytes> pieces);
  void append(std::span<const Bytes> pieces, std::size_t skip, std::size_t count);
  void flush();
  void shut_down_if_sent();
  void drop_tail();

  union Handle {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  Handle uv_{};
  StreamListener* listener_ = nullptr;
  WriteBlock* tail_ = nullptr;  ///< bytes that libuv has not been given yet; null: none
  IpAddress peer_;
  std::uint8_t pauses_ = 0;
  std::uint16_t peer_port_ = 0;
  std::int16_t os_error_ = 0;  ///< why it is failing
  State state_;
  bool started_ : 1 = false;    ///< start_reading() was called
  bool reading_ : 1 = false;    ///< libuv reads
  bool ended_ : 1 = false;      ///< the peer sends no more
  bool congested_ : 1 = false;  ///< on_drained is owed
  bool ending_ : 1 = false;     ///< end_writing() was called
  bool dialled_ : 1 = false;    ///< towards an upstream
  bool was_open_ : 1 = false;
  bool has_peer_ : 1 = false;
};

static_assert(sizeof(SocketCore) <= 328, "an idle tunnel has two of them");

}  // namespace tidegate::net
