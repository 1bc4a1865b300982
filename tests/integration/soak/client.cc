#include "tests/integration/soak/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

constexpr std::size_t kKiB = 1024;
/// More echo than this outstanding, and nothing new is said.
constexpr std::size_t kWindow = 256 * kKiB;
constexpr std::size_t kSlowRead = 64 * kKiB;

Fate draw_fate(Random& random) {
  if (random.one_in(2)) return Fate::close;
  return static_cast<Fate>(random.below(static_cast<std::uint64_t>(Fate::kCount)));
}

std::size_t draw_size(Random& random) {
  if (random.one_in(200)) return 1024 * kKiB;
  if (random.one_in(6)) return random.below(64 * kKiB + 1);
  return random.one_in(2) ? random.below(126) : random.below(4 * kKiB);
}

}  // namespace

Client::Client(std::uint16_t port, SSL_CTX* context, std::uint64_t seed)
    : random_(seed),
      fate_(draw_fate(random_)),
      slow_(random_.one_in(10)),
      fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      messages_left_(static_cast<int>(1 + random_.below(20))) {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    complain("cannot connect");
  }
  if (context == nullptr) return;
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_);
  SSL_set_connect_state(ssl_);
}

Client::~Client() {
  SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
}

unsigned Client::wanted() const {
  if (state_ == State::connecting) return EPOLLOUT;
  const bool reads = !slow_ || state_ != State::open;
  return (reads ? unsigned{EPOLLIN} : 0u) | (out_.empty() ? 0u : unsigned{EPOLLOUT});
}

bool Client::on_event(unsigned events) {
  if (state_ == State::ended) return false;
  if (state_ == State::connecting) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return complain("the connection was refused");
    state_ = ssl_ != nullptr ? State::tls : State::head;
    if (state_ == State::head && !begin_handshake()) return false;
  }
  if (state_ == State::tls && !shake_tls()) return false;
  if (state_ == State::tls) return true;
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if ((broken || !slow_ || state_ != State::open) && !read(broken ? ~std::size_t{0} : 256 * kKiB))
    return false;
  return flush();
}

bool Client::kick() {
  if (state_ == State::ended) return false;
  if (state_ == State::head && fate_ == Fate::abort_waiting) {
    if (random_.one_in(2)) reset();
    return over(/*clean=*/true);
  }
  if (state_ != State::open) return true;
  if (slow_ && !read(kSlowRead)) return false;
  if (state_ != State::open) return true;
  if (!finished_writing_ && !close_sent_ && expected_.size() - compared_ < kWindow && out_.empty()) {
    if (messages_left_ > 0 || is_upstreams(fate_)) {
      --messages_left_;
      say_message();
    } else if (!meet_fate()) {
      return false;
    }
  }
  return flush();
}

// ---- Beginnings

bool Client::shake_tls() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    state_ = State::head;
    return begin_handshake();
  }
  const int why = SSL_get_error(ssl_, result);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE || complain("the TLS handshake failed");
}

bool Client::begin_handshake() {
  const std::uint64_t until = random_.below(200 * kKiB);
  out_ = handshake_request("/" + std::to_string(static_cast<int>(fate_)) + "/" + std::to_string(until));
  if (fate_ != Fate::abort_handshake) return flush();
  out_.resize(1 + random_.below(out_.size() - 1));
  if (!flush()) return false;
  if (random_.one_in(2)) reset();
  return over(/*clean=*/true);
}

// ---- Reading

bool Client::read(std::size_t at_most) {
  char buffer[64 * 1024];
  for (std::size_t total = 0; total < at_most;) {
    std::size_t count = 0;
    switch (receive(buffer, sizeof buffer, count)) {
      case Transfer::some:
        break;
      case Transfer::again:
        return true;
      case Transfer::end:
        return over(/*clean=*/true);
      case Transfer::broken:
        return over(/*clean=*/false);
    }
    total += count;
    if (!take({buffer, count})) return false;
  }
  return true;
}

Client::Transfer Client::receive(char* to, std::size_t size, std::size_t& count) {
  if (ssl_ == nullptr) {
    const ssize_t got = ::recv(fd_, to, size, 0);
    if (got == 0) return Transfer::end;
    if (got < 0) return errno == EAGAIN ? Transfer::again : Transfer::broken;
    count = static_cast<std::size_t>(got);
    return Transfer::some;
  }
  ERR_clear_error();
  if (SSL_read_ex(ssl_, to, size, &count) == 1) return Transfer::some;
  switch (SSL_get_error(ssl_, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Transfer::again;
    case SSL_ERROR_ZERO_RETURN:
      return Transfer::end;
    default:
      return Transfer::broken;
  }
}

bool Client::take(std::string_view bytes) {
  if (state_ == State::head) return take_head(bytes);
  compare(bytes);
  if (tail_.size() < 4 || close_sent_ || finished_writing_) return true;
  // A Close of the upstream's or the gateway's: answer it, then the other side ends.
  close_sent_ = true;
  out_ += close_frame(1000, true);
  return flush();
}

bool Client::take_head(std::string_view bytes) {
  head_ += bytes;
  const std::size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return true;
  if (!head_.starts_with("HTTP/1.1 101 ")) {
    const bool wanted = (fate_ == Fate::upstream_refuses && head_.starts_with("HTTP/1.1 403 ")) ||
                        (fate_ == Fate::upstream_vanishes && head_.starts_with("HTTP/1.1 502 ")) ||
                        // On a machine so busy that its turn to go away never came.
                        (fate_ == Fate::abort_waiting && head_.starts_with("HTTP/1.1 504 "));
    state_ = State::ended;
    return wanted ? false : complain("an unexpected answer: " + head_);
  }
  if (fate_ == Fate::upstream_refuses || fate_ == Fate::upstream_vanishes || fate_ == Fate::abort_waiting) {
    return complain("a 101 that the upstream never sent");
  }
  state_ = State::open;
  was_open_ = true;
  const std::string behind = head_.substr(end + 4);
  head_.clear();
  return take(behind);
}

void Client::compare(std::string_view bytes) {
  if (tail_.empty()) {
    const auto echo = std::string_view(expected_).substr(compared_);
    const std::size_t most = std::min(bytes.size(), echo.size());
    const auto same = static_cast<std::size_t>(
        std::mismatch(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(most), echo.begin()).first -
        bytes.begin());
    compared_ += same;
    verified_ += same;
    bytes.remove_prefix(same);
    std::uint64_t began = frame_began_;
    for (; !boundaries_.empty() && boundaries_.front() <= verified_; boundaries_.pop_front()) {
      began = boundaries_.front();
    }
    frame_began_ = began;
    if (!bytes.empty()) take_back_a_close();
    at_boundary_when_tail_began_ = verified_ == frame_began_;
    if (compared_ >= kWindow) {
      expected_.erase(0, compared_ - 4);
      compared_ = 4;
    }
  }
  tail_ += bytes.substr(0, 64);
}

/// A Close that is not the expected one begins like it: then its first bytes were no echo either.
void Client::take_back_a_close() {
  const auto begun = static_cast<std::size_t>(verified_ - frame_began_);
  if (begun == 0 || begun >= 4 || begun > compared_ || expected_[compared_ - begun] != '\x88') return;
  compared_ -= begun;
  verified_ -= begun;
  tail_ = expected_.substr(compared_, begun);
}

// ---- Writing

bool Client::flush() {
  while (!out_.empty()) {
    std::size_t count = 0;
    switch (send_some(count)) {
      case Transfer::some:
        break;
      case Transfer::again:
        return true;
      case Transfer::end:
      case Transfer::broken:
        out_.clear();  // what came before it broke is still to be read
        finished_writing_ = true;
        return slow_ ? read(~std::size_t{0}) : true;
    }
    out_.erase(0, count);
  }
  return true;
}

Client::Transfer Client::send_some(std::size_t& count) {
  if (ssl_ == nullptr) {
    const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? Transfer::again : Transfer::broken;
    count = static_cast<std::size_t>(sent);
    return Transfer::some;
  }
  ERR_clear_error();
  if (SSL_write_ex(ssl_, out_.data(), out_.size(), &count) == 1) return Transfer::some;
  const int why = SSL_get_error(ssl_, 0);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? Transfer::again : Transfer::broken;
}

void Client::say(int opcode, const std::string& payload, bool fin) {
  out_ += frame(opcode, payload, true, fin);
  const std::string echo = frame(opcode == 9 ? 10 : opcode, payload, false, fin);
  expected_ += echo;
  promised_ += echo.size();
  boundaries_.push_back(promised_);
}

void Client::say_message() {
  if (random_.one_in(8)) say(9, random_.bytes(random_.below(126)));
  const int opcode = random_.one_in(2) ? 1 : 2;
  if (!random_.one_in(6)) return say(opcode, random_.bytes(draw_size(random_)));
  const std::uint64_t fragments = 2 + random_.below(3);
  for (std::uint64_t i = 0; i < fragments; ++i) {
    say(i == 0 ? opcode : 0, random_.bytes(draw_size(random_) / fragments), i + 1 == fragments);
    if (random_.one_in(3)) say(9, "between fragments");
  }
}

// ---- Ends

bool Client::meet_fate() {
  switch (fate_) {
    case Fate::close:
      close_sent_ = true;
      out_ += close_frame(1000, true);
      expected_ += close_frame(1000, false);
      promised_ += 4;
      boundaries_.push_back(promised_);
      return true;
    case Fate::client_mid_frame: {
      const std::string whole = random_.bytes(1000);
      say(2, whole);
      out_.resize(out_.size() - 500);
      [[fallthrough]];
    }
    case Fate::client_fin:
      if (!flush()) return false;
      end_writing();
      return true;
    case Fate::client_reset:
      reset();
      return over(/*clean=*/true);
    case Fate::abort_handshake:
    case Fate::abort_waiting:
    case Fate::upstream_close:
    case Fate::upstream_fin:
    case Fate::upstream_reset:
    case Fate::upstream_mid_frame:
    case Fate::upstream_refuses:
    case Fate::upstream_vanishes:
    case Fate::kCount:
      break;
  }
  return true;
}

void Client::end_writing() {
  out_.clear();
  finished_writing_ = true;
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  ::shutdown(fd_, SHUT_WR);
}

void Client::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool Client::over(bool clean) {
  const bool was_head = state_ == State::head || state_ == State::tls;
  state_ = State::ended;
  if (fate_ == Fate::client_reset || fate_ == Fate::abort_handshake || fate_ == Fate::abort_waiting)
    return false;
  if (was_head) return complain("ended before the answer to its handshake; came: " + head_);
  const bool drained = tail_ == close_frame(1001, false);
  const bool died =
      is_upstreams(fate_) && (tail_ == close_frame(1011, false) ||
                              (fate_ == Fate::upstream_close && tail_ == close_frame(1000, false)));
  if (!tail_.empty() && !drained && !died)
    return complain("came what is no echo: " + std::to_string(tail_.size()));
  if (!tail_.empty() && !at_boundary_when_tail_began_) return complain("a Close inside of a frame");
  if (fate_ == Fate::close && !drained) {
    if (!clean) return complain("reset instead of a clean end");
    if (compared_ != expected_.size()) return complain("ended before everything had come back");
  }
  return false;
}

bool Client::complain(const std::string& what) {
  state_ = State::ended;
  complaint_ = what + " (fate " + std::to_string(static_cast<int>(fate_)) +
               (ssl_ != nullptr ? ", wss" : ", ws") + (slow_ ? ", slow" : "") + ", " +
               std::to_string(verified_) + " bytes verified)";
  return false;
}

}  // namespace tidegate::test
