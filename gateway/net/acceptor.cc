#include "gateway/net/acceptor.h"

#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/net/adopt.h"
#include "gateway/net/sockaddr.h"

namespace tidegate::net {
namespace {

constexpr int kMaxPerTurn = 16;
constexpr int kMaxWaiting = 16 * 4096;  // several backlogs
constexpr std::chrono::milliseconds kRetryAfter{100};

enum class Failure { none_waiting, connection_gone, exhausted };

Failure kind_of(int error) {
  switch (error) {
    case EAGAIN:
      return Failure::none_waiting;
    // accept(2): the connection died while it waited, or the network's error is handed to us.
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return Failure::connection_gone;
    // EMFILE, ENFILE, ENOBUFS, ENOMEM. Whatever else there may be would come again at once, too.
    default:
      return Failure::exhausted;
  }
}

}  // namespace

/// We accept ourselves, on a uv_poll_t: when descriptors run out, uv_listen() would accept and close whoever
/// waits.
///
/// Owner:  its Acceptor until close(), then libuv; the close callback deletes it. on_accept() may destroy the
///         Acceptor; this block outlives the callback, so that what follows can look at `listener`.
struct Acceptor::Core {
  Core(Loop& l, ListeningSocket s, AcceptListener& a) : loop(l), socket(std::move(s)), listener(&a) {
    poll.data = this;
    if (!socket->begin()) log::error("net", "can't listen on " + socket->local().to_string());
    if (uv_poll_init(loop.uv(), &poll, socket->fd()) != 0) {
      log::error("net", "can't watch " + socket->local().to_string());
      log::flush();
      std::abort();  // a descriptor that epoll doesn't take, or that is watched twice: our own mistake
    }
    watch();
  }

  void watch() {
    uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
      static_cast<Core*>(handle->data)->accept_some();
    });
  }

  void close() {
    listener = nullptr;
    retry.disarm();
    uv_close(reinterpret_cast<uv_handle_t*>(&poll),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
    socket.reset();
  }

  /// Usually one connection waits, and asking for a second would be a system call for nothing; in a storm the
  /// number doubles from turn to turn.
  void accept_some() {
    for (int accepted = 0; accepted < per_turn; ++accepted) {
      RawAddress peer;
      const int fd = ::accept4(socket->fd(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        const int error = errno;
        if (kind_of(error) == Failure::connection_gone) continue;
        per_turn = 1;
        return kind_of(error) == Failure::exhausted ? pause() : resume();
      }
      if (paused) {
        resume();
        if (listener == nullptr) {
          ::close(fd);
          return;
        }
      }
      listener->on_accept(adopt_from(loop, fd, peer));
      if (listener == nullptr) return;
    }
    per_turn = std::min(2 * per_turn, kMaxPerTurn);
  }

  /// The bound is for peers that connect faster than we accept.
  void accept_waiting() {
    for (int turn = 0; turn < kMaxWaiting / kMaxPerTurn; ++turn) {
      per_turn = kMaxPerTurn;
      accept_some();
      if (listener == nullptr || per_turn != kMaxPerTurn || paused) return;
    }
  }

  void pause() {
    retry.arm(loop.timers(), kRetryAfter);
    if (std::exchange(paused, true)) return;
    uv_poll_stop(&poll);
    listener->on_descriptors_exhausted(true);
  }

  void resume() {
    if (!std::exchange(paused, false)) return;
    watch();
    listener->on_descriptors_exhausted(false);
  }

  Loop& loop;
  uv_poll_t poll{};
  std::optional<ListeningSocket> socket;
  AcceptListener* listener;
  DeadlineOf<Core, &Core::accept_some> retry{*this};
  int per_turn = 1;
  bool paused = false;
};

Acceptor::Acceptor(Loop& loop, ListeningSocket socket, AcceptListener& listener)
    : core_(new Core(loop, std::move(socket), listener)) {}

void Acceptor::turn_away_newcomers() {
  if (core_->socket->descriptor()->owned()) core_->socket->turn_away_newcomers();
}

void Acceptor::accept_waiting() {
  if (core_->socket->descriptor()->owned()) core_->accept_waiting();
}

Acceptor::~Acceptor() {
  core_->close();
}

}  // namespace tidegate::net
