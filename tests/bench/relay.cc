// The yardstick: `relay --upstream ADDR:PORT [--plain ADDR:PORT]... [--tls ADDR:PORT CERTIFICATE KEY]...`.
// For each client it opens one connection to the upstream and copies bytes both ways: no parsing, no routing,
// no log, no limits and no timeouts. What it costs is what a gateway on epoll and OpenSSL cannot go far
// below. Runs until killed.

#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/sockets.h"
#include "tests/bench/tls_pipe.h"

namespace tidegate::bench {
namespace {

// Shared by all connections: between events they hold nothing.
std::array<char, kReadBytes> read_buffer;
std::string cipher_buffer;

/// What epoll points at.
struct Handler {
  virtual ~Handler() = default;
  virtual void on_events(std::uint32_t events) = 0;
};

class Pair;

/// One of a pair's two sockets. What it does not take at once waits in `pending`, and then the other is not
/// read.
class Side : public Handler {
 public:
  Side(Pair& pair, int fd) : pair_(pair), fd_(fd) {}
  void on_events(std::uint32_t events) override;

 private:
  friend class Pair;
  Pair& pair_;
  int fd_ = -1;
  std::uint32_t events_ = EPOLLIN;
  std::unique_ptr<std::string> pending_;
};

/// A client and its upstream. Owns itself: `end` puts it on the list that is freed after the turn.
class Pair {
 public:
  Pair(Poller& poller, int client, Endpoint upstream, SSL_CTX* context)
      : poller_(poller), upstream_endpoint_(upstream), client_(*this, client), upstream_(*this, -1) {
    if (context != nullptr) tls_ = std::make_unique<TlsPipe>(context, TlsPipe::Role::server);
    poller_.add(client, EPOLLIN, &client_);
    if (tls_ == nullptr) dial();
  }

  static void free_ended() {
    for (Pair* pair : ended_pairs) delete pair;
    ended_pairs.clear();
  }

 private:
  friend class Side;

  void dial() {
    upstream_.fd_ = connect_to(upstream_endpoint_);
    poller_.add(upstream_.fd_, EPOLLIN, &upstream_);
  }

  void end() {
    if (ended_) return;
    ended_ = true;
    close(client_.fd_);
    if (upstream_.fd_ >= 0) close(upstream_.fd_);
    ended_pairs.push_back(this);
  }

  void watch(Side& side, std::uint32_t events) {
    if (side.fd_ >= 0 && side.events_ != events) poller_.change(side.fd_, side.events_ = events, &side);
  }

  void on_readable(Side& side) {
    std::size_t bytes = 0;
    const Io result = read_some(side.fd_, read_buffer, bytes);
    if (result == Io::later) return;
    if (result == Io::ended) return on_eof(side);
    const std::string_view in(read_buffer.data(), bytes);
    if (tls_ == nullptr) return write(&side == &client_ ? upstream_ : client_, in);
    if (&side == &client_) return decrypt(in);
    cipher_buffer.clear();
    if (tls_->send(in, cipher_buffer) != TlsPipe::State::open) return end();
    write(client_, cipher_buffer);
  }

  void decrypt(std::string_view in) {
    std::string_view plain;
    cipher_buffer.clear();
    const auto state = tls_->receive(in, plain, cipher_buffer);
    if (!cipher_buffer.empty()) write(client_, cipher_buffer);
    if (ended_) return;
    if (upstream_.fd_ < 0 && tls_->ready()) dial();
    if (!plain.empty()) write(upstream_, plain);
    if (!ended_ && state != TlsPipe::State::open) on_eof(client_);
  }

  /// The other side still gets what waits for it.
  void on_eof(Side& side) {
    Side& other = &side == &client_ ? upstream_ : client_;
    if (other.pending_ == nullptr) return end();
    half_closed_ = true;
    watch(side, 0);
  }

  void write(Side& to, std::string_view bytes) {
    if (to.pending_ != nullptr) {
      to.pending_->append(bytes);
      return;
    }
    std::size_t taken = 0;
    const Io result = write_some(to.fd_, bytes, taken);
    if (result == Io::ended) return end();
    if (result == Io::done) return;
    to.pending_ = std::make_unique<std::string>(bytes.substr(taken));
    watch(to, to.events_ | EPOLLOUT);
    Side& from = &to == &client_ ? upstream_ : client_;
    watch(from, from.events_ & ~static_cast<std::uint32_t>(EPOLLIN));
  }

  void on_writable(Side& side) {
    std::size_t taken = 0;
    const Io result = write_some(side.fd_, *side.pending_, taken);
    if (result == Io::ended) return end();
    side.pending_->erase(0, taken);
    if (result == Io::later) return;
    side.pending_.reset();
    if (half_closed_) return end();
    watch(side, side.events_ & ~static_cast<std::uint32_t>(EPOLLOUT));
    Side& from = &side == &client_ ? upstream_ : client_;
    watch(from, from.events_ | EPOLLIN);
  }

  static std::vector<Pair*> ended_pairs;

  Poller& poller_;
  Endpoint upstream_endpoint_;
  Side client_;
  Side upstream_;
  std::unique_ptr<TlsPipe> tls_;  // towards the client; null: plain
  bool half_closed_ = false;
  bool ended_ = false;
};

std::vector<Pair*> Pair::ended_pairs;

void Side::on_events(std::uint32_t events) {
  if (pair_.ended_) return;
  if ((events & EPOLLOUT) != 0 && pending_ != nullptr) pair_.on_writable(*this);
  if (pair_.ended_) return;
  if ((events & EPOLLIN) != 0) return pair_.on_readable(*this);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) pair_.end();
}

/// Accepts; lives as long as the process.
class Listener : public Handler {
 public:
  Listener(Poller& poller, Endpoint at, Endpoint upstream, TlsContext context)
      : poller_(poller), upstream_(upstream), context_(std::move(context)), fd_(listen_on(at)) {
    poller_.add(fd_, EPOLLIN, this);
  }
  void on_events(std::uint32_t) override {
    for (int fd = accept_from(fd_); fd >= 0; fd = accept_from(fd_))
      new Pair(poller_, fd, upstream_, context_.get());
  }

 private:
  Poller& poller_;
  Endpoint upstream_;
  TlsContext context_;
  int fd_;
};

[[noreturn]] void serve(const std::vector<std::string>& arguments) {
  constexpr std::string_view kUsage =
      "usage: relay --upstream ADDR:PORT [--plain ADDR:PORT]... [--tls ADDR:PORT CERTIFICATE KEY]...";
  if (arguments.size() < 2 || arguments[0] != "--upstream") fail(kUsage);
  const Endpoint upstream = parse_endpoint(arguments[1]);

  Poller poller;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::size_t at = 2;
  while (at < arguments.size()) {
    const bool tls = arguments[at] == "--tls";
    const std::size_t values = tls ? 3 : 1;
    if ((!tls && arguments[at] != "--plain") || at + values >= arguments.size()) fail(kUsage);
    TlsContext context;
    if (tls) context = make_server_context(arguments[at + 2], arguments[at + 3]);
    listeners.push_back(
        std::make_unique<Listener>(poller, parse_endpoint(arguments[at + 1]), upstream, std::move(context)));
    at += 1 + values;
  }
  for (;;) {
    for (const epoll_event& event : poller.wait(-1))
      static_cast<Handler*>(event.data.ptr)->on_events(event.events);
    Pair::free_ended();
  }
}

}  // namespace
}  // namespace tidegate::bench

int main(int argc, char** argv) {
  tidegate::bench::raise_descriptor_limit();
  tidegate::bench::serve({argv + 1, argv + argc});
}
