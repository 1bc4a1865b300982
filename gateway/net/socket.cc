#include "gateway/net/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>

#include "gateway/net/adopt.h"
#include "gateway/net/sockaddr.h"
#include "gateway/net/socket_core.h"

namespace tidegate::net {
namespace {

using Kind = SocketCore::Kind;
using State = SocketCore::State;

/// The wrapper: dies when its owner wants, and leaves the core to libuv.
class Socket final : public Stream {
 public:
  Socket(Loop& loop, Kind kind, State state) : core_(new SocketCore(loop, kind, state)) {}
  ~Socket() override { core_->close(); }

  void set_listener(StreamListener& listener) override { core_->set_listener(listener); }
  void start_reading() override { core_->start_reading(); }
  void pause_reading() override { core_->pause_reading(); }
  void resume_reading() override { core_->resume_reading(); }
  Flow write(std::span<const Bytes> pieces) override { return core_->write(pieces); }
  std::size_t queued_bytes() const override { return core_->queued_bytes(); }
  std::size_t unacknowledged_bytes() const override { return core_->unacknowledged_bytes(); }
  void end_writing() override { core_->end_writing(); }
  void reset_on_close() override { core_->reset_on_close(); }
  const IpAddress* peer() const override { return core_->peer(); }
  std::uint16_t peer_port() const override { return core_->peer_port(); }
  std::string local_address() const override { return core_->local_address(); }
  const TlsInfo* tls() const override { return nullptr; }

  SocketCore& core() { return *core_; }

 private:
  SocketCore* core_;
};

/// What a TCP dial needs until it is decided.
///
/// Owner: libuv, from uv_tcp_connect() to its callback, which always comes: with UV_ECANCELED before the
/// core's close callback if the stream dies first.
class Dial {
 public:
  explicit Dial(SocketCore& core) : core_(core) { request_.data = this; }

  static void start(SocketCore& core, const RawAddress& to, std::chrono::milliseconds timeout,
                    const SocketAddress* from) {
    if (from != nullptr) {
      const int result = open_from(core, *from, to.family());
      if (result != 0) return core.fail_later(result);
    }
    auto dial = std::make_unique<Dial>(core);
    if (const int result = uv_tcp_connect(&dial->request_, &core.tcp(), to.get(), on_uv_connect);
        result != 0) {
      return core.fail_later(result);
    }
    dial->limit_.arm(core.loop().timers(), timeout);
    static_cast<void>(dial.release());
    core.dialling();
  }

 private:
  /// Where the system chooses the port, it does so once it knows the peer too, so that a port serves several
  /// peers.
  static int open_from(SocketCore& core, const SocketAddress& from, int family) {
    const std::optional<RawAddress> raw = to_raw(from);
    const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    const int on = 1;
    if (from.port == 0) ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (!raw || ::bind(fd, raw->get(), raw->size) != 0) {
      const int error = raw ? -errno : UV_EINVAL;
      ::close(fd);
      return error;
    }
    return core.open(fd);
  }

  static void on_uv_connect(uv_connect_t* request, int status) noexcept {
    auto* dial = static_cast<Dial*>(request->data);
    SocketCore& core = dial->core_;
    delete dial;
    if (core.state() != State::dialling) return;
    if (status == 0) {
      core.opened();
    } else {
      core.fail_now(core.error_for(status));
    }
  }

  void on_timeout() {
    if (core_.state() == State::dialling) core_.fail_now(core_.error_for(UV_ETIMEDOUT));
  }

  uv_connect_t request_{};
  SocketCore& core_;
  DeadlineOf<Dial, &Dial::on_timeout> limit_{*this};
};

/// A unix socket is connected at once or not at all (EAGAIN: the server's backlog is full).
void dial_unix(SocketCore& core, const RawAddress& to) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return core.fail_later(-errno);
  if (::connect(fd, to.get(), to.size) != 0) {
    const int error = -errno;
    ::close(fd);
    return core.fail_later(error);
  }
  if (const int result = core.open(fd); result != 0) return core.fail_later(result);
  core.open_later();
}

}  // namespace

std::unique_ptr<Stream> dial(Loop& loop, const SocketAddress& to, std::chrono::milliseconds timeout,
                             StreamListener& listener, const SocketAddress* from) {
  const bool is_unix = !to.unix_path.empty();
  auto socket = std::make_unique<Socket>(loop, is_unix ? Kind::unix : Kind::tcp, State::dialling);
  SocketCore& core = socket->core();
  core.set_listener(listener);
  if (!is_unix) core.set_peer(to.ip, to.port);
  const std::optional<RawAddress> raw = to_raw(to);
  if (!raw) {
    core.fail_later(UV_ENAMETOOLONG);
  } else if (is_unix) {
    dial_unix(core, *raw);
  } else {
    Dial::start(core, *raw, timeout, from);
  }
  return socket;
}

std::unique_ptr<Stream> adopt(Loop& loop, int fd) {
  RawAddress peer;
  if (::getpeername(fd, peer.get(), &peer.size) != 0) {
    // Reset by the peer already. Only the kind of socket matters then; the first read says the rest.
    socklen_t size = sizeof(int);
    int domain = AF_INET;
    ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    peer.storage.ss_family = static_cast<sa_family_t>(domain);
  }
  return adopt_from(loop, fd, peer);
}

std::unique_ptr<Stream> adopt_from(Loop& loop, int fd, const RawAddress& peer) {
  const bool is_unix = peer.family() == AF_UNIX;
  auto socket = std::make_unique<Socket>(loop, is_unix ? Kind::unix : Kind::tcp, State::open);
  SocketCore& core = socket->core();
  if (!is_unix) {
    const SocketAddress address = from_raw(peer);
    core.set_peer(address.ip, address.port);
  }
  if (const int result = core.open(fd); result != 0) core.fail_later(result);
  return socket;
}

}  // namespace tidegate::net
