#include "gateway/net/socket_core.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "gateway/net/sockaddr.h"
#include "gateway/net/socket_options.h"

namespace tidegate::net {
namespace {

std::size_t total_of(std::span<const Bytes> pieces) {
  std::size_t total = 0;
  for (const Bytes& piece : pieces) total += piece.size();
  return total;
}

uv_buf_t buffer_of(const std::byte* data, std::size_t size) {
  // libuv's writes take a pointer to mutable bytes and don't touch them.
  return uv_buf_init(const_cast<char*>(reinterpret_cast<const char*>(data)), static_cast<unsigned>(size));
}

/// How many bytes the socket takes now, or a negative errno. send(2) itself: uv_try_write() would make it a
/// write(2), which goes through the file layer first.
ssize_t send_now(int fd, std::span<iovec> pieces) {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  ssize_t sent = -1;
  do {
    sent = pieces.size() == 1 ? ::send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_DONTWAIT | MSG_NOSIGNAL)
                              : ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == ENOBUFS ? 0 : -errno;
}

}  // namespace

/// One malloc'd block: the request and, behind it, the bytes. Freed in the write callback, or by drop_tail()
/// if libuv never saw it.
struct SocketCore::WriteBlock {
  uv_write_t request;
  std::size_t size;
  std::size_t capacity;

  std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }

  /// A block (the old one moved, if there is one) with room for `extra` more bytes; doubles, so that
  /// appending many small pieces is linear.
  static WriteBlock* reserve(WriteBlock* old, std::size_t extra) {
    const std::size_t size = old == nullptr ? 0 : old->size;
    if (old != nullptr && old->capacity - size >= extra) return old;
    const std::size_t capacity = old == nullptr ? extra : std::max(size + extra, 2 * old->capacity);
    void* memory = std::realloc(old, sizeof(WriteBlock) + capacity);
    if (memory == nullptr) throw std::bad_alloc();
    auto* block = static_cast<WriteBlock*>(memory);
    block->size = size;
    block->capacity = capacity;
    return block;
  }
};

SocketCore::SocketCore(Loop& loop, Kind kind, State state)
    : state_(state), dialled_(state == State::dialling), was_open_(state == State::open) {
  // Neither can fail: no descriptor is made here.
  if (kind == Kind::tcp) {
    uv_tcp_init(loop.uv(), &uv_.tcp);
  } else {
    uv_pipe_init(loop.uv(), &uv_.pipe, 0);
  }
  uv_.any.data = this;
}

int SocketCore::open(int fd) {
  const int result = uv_.any.type == UV_TCP ? uv_tcp_open(&uv_.tcp, fd) : uv_pipe_open(&uv_.pipe, fd);
  if (result != 0) ::close(fd);
  return result;
}

void SocketCore::close() {
  state_ = State::closed;
  listener_ = nullptr;
  unlink();
  drop_tail();
  uv_close(&uv_.any, [](uv_handle_t* handle) noexcept { delete &of(handle); });
}

int SocketCore::fd() const {
  uv_os_fd_t fd = -1;
  uv_fileno(&uv_.any, &fd);
  return fd;
}

void SocketCore::set_listener(StreamListener& listener) {
  listener_ = &listener;
  if (state_ == State::failing) loop().defer(*this);  // nobody was there to hear it
}

void SocketCore::set_peer(const IpAddress& address, std::uint16_t port) {
  peer_ = address;
  peer_port_ = port;
  has_peer_ = true;
}

// Reading
// ---------------------------------------------------------------------------------------------------------

void SocketCore::start_reading() {
  assert(listener_ != nullptr);
  started_ = true;
  update_reading();
}

void SocketCore::pause_reading() {
  assert(pauses_ < UINT8_MAX);
  ++pauses_;
  update_reading();
}

void SocketCore::resume_reading() {
  assert(pauses_ > 0);
  --pauses_;
  update_reading();
}

void SocketCore::update_reading() {
  // A dial is watched for bytes from the start, whether or not the listener reads yet: libuv reads nothing
  // before it is connected, and the descriptor then needs two epoll_ctl() less.
  const bool ready = state_ == State::open ? started_ : state_ == State::dialling;
  const bool wanted = ready && pauses_ == 0 && !ended_;
  const bool possible = uv_is_readable(&uv_.stream) != 0;  // there is a socket
  if (wanted == reading_ || !possible) return;
  reading_ = wanted;
  if (!wanted) {
    uv_read_stop(&uv_.stream);
  } else if (const int result = uv_read_start(&uv_.stream, on_uv_alloc, on_uv_read); result != 0) {
    fail_later(result);
  }
}

void SocketCore::on_uv_alloc(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
  const std::span<std::byte> shared = of(handle).loop().read_buffer();
  *buffer = buffer_of(shared.data(), shared.size());
}

void SocketCore::on_uv_read(uv_stream_t* stream, ssize_t result, const uv_buf_t* buffer) noexcept {
  SocketCore& core = of(stream);
  if (core.listener_ == nullptr || result == 0) return;
  if (result > 0) {
    core.listener_->on_data({reinterpret_cast<std::byte*>(buffer->base), static_cast<std::size_t>(result)});
    return;
  }
  // libuv has stopped reading. A failing stream has an error on its way that says more.
  core.reading_ = false;
  if (core.state_ != State::open) return;
  if (result == UV_EOF) {
    core.ended_ = true;
    core.listener_->on_end(End::clean);
  } else {
    core.fail_now(core.error_for(static_cast<int>(result)));
  }
}

// Writing
// ---------------------------------------------------------------------------------------------------------

Flow SocketCore::write(std::span<const Bytes> pieces) {
  if (state_ != State::open && state_ != State::dialling) return Flow::ready;
  assert(!ending_);
  const std::size_t total = total_of(pieces);
  std::size_t taken = 0;
  if (state_ == State::open && queued_bytes() == 0) {
    const ssize_t result = try_write(pieces);
    if (result < 0) {
      fail_later(static_cast<int>(result));
      return Flow::ready;
    }
    taken = static_cast<std::size_t>(result);
    if (taken == total) return Flow::ready;
  }
  append(pieces, taken, total - taken);
  flush();
  if (queued_bytes() <= kHighMarkBytes) return Flow::ready;
  congested_ = true;
  return Flow::congested;
}

/// Bytes that the socket took, or a negative errno.
ssize_t SocketCore::try_write(std::span<const Bytes> pieces) {
  std::array<iovec, 16> vectors;  // NOLINT: left uninitialised on purpose
  std::size_t taken = 0;
  for (auto piece = pieces.begin(); piece != pieces.end();) {
    std::size_t count = 0;
    std::size_t offered = 0;
    for (; piece != pieces.end() && count < vectors.size(); ++piece) {
      if (piece->empty()) continue;
      vectors[count++] = {const_cast<std::byte*>(piece->data()), piece->size()};  // only read from
      offered += piece->size();
    }
    if (count == 0) break;
    const ssize_t result = send_now(fd(), std::span(vectors).first(count));
    if (result < 0) return result;
    taken += static_cast<std::size_t>(result);
    if (static_cast<std::size_t>(result) < offered) break;
  }
  return static_cast<ssize_t>(taken);
}

/// Copies what the socket did not take behind what is queued. All that waits behind the block that libuv is
/// writing is gathered in one other, so that a peer that makes us queue single bytes costs us bytes, not
/// blocks.
void SocketCore::append(std::span<const Bytes> pieces, std::size_t skip, std::size_t count) {
  if (count == 0) return;
  tail_ = WriteBlock::reserve(tail_, count);
  for (Bytes piece : pieces) {
    const std::size_t skipped = std::min(skip, piece.size());
    skip -= skipped;
    piece = piece.subspan(skipped);
    if (piece.empty()) continue;
    std::memcpy(tail_->bytes() + tail_->size, piece.data(), piece.size());
    tail_->size += piece.size();
  }
}

/// Gives libuv what is queued, unless it has something to write already; its callback comes here again.
void SocketCore::flush() {
  if (tail_ == nullptr || state_ != State::open || uv_stream_get_write_queue_size(&uv_.stream) != 0) return;
  WriteBlock* block = tail_;
  tail_ = nullptr;
  const uv_buf_t buffer = buffer_of(block->bytes(), block->size);
  block->request.data = block;
  const int result = uv_write(&block->request, &uv_.stream, &buffer, 1, on_uv_written);
  if (result != 0) {
    std::free(block);
    fail_later(result);
  }
}

void SocketCore::on_uv_written(uv_write_t* request, int status) noexcept {
  SocketCore& core = of(request->handle);
  std::free(request->data);
  if (core.state_ != State::open) return;
  if (status != 0) return core.fail_later(status);
  core.flush();
  core.shut_down_if_sent();
  if (!core.congested_ || core.queued_bytes() > kHighMarkBytes / 2) return;
  core.congested_ = false;
  if (core.listener_ != nullptr) core.listener_->on_drained();
}

std::size_t SocketCore::queued_bytes() const {
  return uv_stream_get_write_queue_size(&uv_.stream) + (tail_ == nullptr ? 0 : tail_->size);
}

std::size_t SocketCore::unacknowledged_bytes() const {
  int in_the_kernel = 0;
  if (state_ == State::open) ::ioctl(fd(), SIOCOUTQ, &in_the_kernel);
  return queued_bytes() + static_cast<std::size_t>(std::max(in_the_kernel, 0));
}

std::string SocketCore::local_address() const {
  RawAddress raw;
  if (uv_.any.type != UV_TCP || ::getsockname(fd(), raw.get(), &raw.size) != 0) return {};
  return from_raw(raw).ip.to_string();
}

void SocketCore::drop_tail() {
  std::free(tail_);
  tail_ = nullptr;
}

void SocketCore::end_writing() {
  if (ending_) return;
  ending_ = true;
  shut_down_if_sent();
}

/// shutdown(2) itself rather than uv_shutdown(): it needs no request, and comes one turn sooner.
void SocketCore::shut_down_if_sent() {
  if (!ending_ || state_ != State::open || queued_bytes() != 0) return;
  ::shutdown(fd(), SHUT_WR);  // ENOTCONN: the peer has reset the connection, which reading will report
}

void SocketCore::reset_on_close() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);  // unix sockets ignore it
}

// Beginnings and ends
// ---------------------------------------------------------------------------------------------

void SocketCore::dialling() {
  set_tcp_options(fd());
  update_reading();
}

void SocketCore::opened() {
  state_ = State::open;
  was_open_ = true;
  flush();
  shut_down_if_sent();
  if (listener_ != nullptr) listener_->on_open();
  if (state_ == State::open) update_reading();  // the core is there, whatever the listener did to its stream
}

void SocketCore::fail_later(int os_error) {
  if (state_ != State::open && state_ != State::dialling) return;
  state_ = State::failing;
  os_error_ = static_cast<std::int16_t>(os_error);
  loop().defer(*this);
}

void SocketCore::fail_now(const Error& error) {
  state_ = State::failed;
  update_reading();
  drop_tail();
  if (listener_ != nullptr) listener_->on_error(error);
}

Error SocketCore::error_for(int os_error) const {
  if (was_open_) return Error(dialled_ ? Reason::upstream_reset : Reason::client_reset, os_error);
  if (os_error == UV_ETIMEDOUT) return Error(Reason::upstream_connect_timeout, os_error);
  if (os_error == UV_EMFILE || os_error == UV_ENFILE) return Error(Reason::out_of_descriptors, os_error);
  return Error(Reason::upstream_unreachable, os_error);
}

void SocketCore::on_deferred() {
  if (state_ == State::dialling) return opened();
  if (state_ != State::failing || listener_ == nullptr) return;
  deliver_the_rest();
  if (state_ == State::failing) fail_now(error_for(os_error_));
}

/// A write failed, but what the peer sent before it broke is still in the kernel, and may be the answer that
/// says why: a server that refuses an upload answers and closes. The core outlives the stream within this
/// callback, so its state can be looked at after the listener was called.
void SocketCore::deliver_the_rest() {
  const std::span<std::byte> buffer = loop().read_buffer();
  constexpr int kMaxReads = 64;
  for (int i = 0; i < kMaxReads && state_ == State::failing && started_ && pauses_ == 0 && !ended_; ++i) {
    const ssize_t count = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count <= 0) return;
    listener_->on_data({buffer.data(), static_cast<std::size_t>(count)});
  }
}

}  // namespace tidegate::net
