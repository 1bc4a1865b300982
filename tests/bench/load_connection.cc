#include "tests/bench/load_connection.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tidegate::bench {
namespace {

std::array<char, kReadBytes> read_buffer;
std::string cipher_buffer;

/// The length that a response's head gives to its body.
std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto at = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
  if (at == head.end()) fail("a response without Content-Length:\n" + std::string(head));
  std::string_view digits = head.substr(static_cast<std::size_t>(at - head.begin()) + kName.size());
  digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
  std::size_t length = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), length);
  return length;
}

}  // namespace

void Connection::keep_sessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    static_cast<Connection*>(SSL_get_app_data(ssl))->session_.reset(session);
    return 1;  // the reference is ours
  });
}

void Connection::start() {
  began_ = Clock::now();
  fd_ = connect_to(plan_.to);
  poller_.add(fd_, EPOLLIN, this);
  if (plan_.tls == nullptr) return on_secure();

  phase_ = Phase::securing;
  tls_ = std::make_unique<TlsPipe>(plan_.tls, TlsPipe::Role::client);
  SSL_set_app_data(tls_->ssl(), this);
  // SSL_set_tlsext_host_name is a macro with casts of C's; this is what it says.
  static std::string server_name = "localhost";
  SSL_ctrl(tls_->ssl(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, server_name.data());
  if (plan_.resume && session_ != nullptr) SSL_set_session(tls_->ssl(), session_.get());
  cipher_buffer.clear();
  if (tls_->start(cipher_buffer) != TlsPipe::State::open) fail("TLS did not start");
  transmit(cipher_buffer);
}

void Connection::stop() {
  if (phase_ == Phase::stopped) return;
  phase_ = Phase::stopped;
  if (tls_ != nullptr && tls_->ready()) {
    cipher_buffer.clear();
    tls_->finish(cipher_buffer);
    transmit(cipher_buffer);
  }
  tls_.reset();
  pending_.clear();
  head_.clear();
  close(std::exchange(fd_, -1));
}

void Connection::on_secure() {
  if (plan_.kind == Plan::Kind::http) return opened();
  phase_ = Phase::upgrading;
  send(plan_.request);
}

void Connection::opened() {
  phase_ = Phase::open;
  listener_.on_open(*this);
}

void Connection::send_one() {
  began_ = Clock::now();
  echo_bytes_ = 0;
  send(plan_.kind == Plan::Kind::http ? plan_.request : plan_.message);
}

void Connection::send(std::string_view plain) {
  if (tls_ == nullptr) return transmit(plain);
  cipher_buffer.clear();
  if (tls_->send(plain, cipher_buffer) != TlsPipe::State::open) fail("TLS broke while sending");
  transmit(cipher_buffer);
}

void Connection::transmit(std::string_view wire) {
  if (pending_.empty()) {
    std::size_t taken = 0;
    const Io result = write_some(fd_, wire, taken);
    if (result == Io::done) return;
    // A peer that is gone shows on the reading side, unless it is us who go.
    if (result == Io::ended && phase_ == Phase::stopped) return;
    if (result == Io::ended) fail("the connection broke while sending", true);
    wire.remove_prefix(taken);
    poller_.change(fd_, EPOLLIN | EPOLLOUT, this);
  }
  pending_.append(wire);
}

void Connection::on_events(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0 && !pending_.empty()) {
    std::size_t taken = 0;
    if (write_some(fd_, pending_, taken) == Io::ended) fail("the connection broke while sending", true);
    pending_.erase(0, taken);
    if (pending_.empty()) poller_.change(fd_, EPOLLIN, this);
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) on_readable();
}

void Connection::on_readable() {
  std::size_t bytes = 0;
  const Io result = read_some(fd_, read_buffer, bytes);
  if (result == Io::later) return;
  if (result == Io::ended) fail("the gateway closed a connection");
  const std::string_view in(read_buffer.data(), bytes);
  if (tls_ == nullptr) return on_plain(in);

  std::string_view plain;
  cipher_buffer.clear();
  const auto state = tls_->receive(in, plain, cipher_buffer);
  if (!cipher_buffer.empty()) transmit(cipher_buffer);
  if (state != TlsPipe::State::open) fail("the gateway ended TLS");
  if (phase_ == Phase::securing && tls_->ready()) on_secure();
  if (!plain.empty()) on_plain(plain);
}

void Connection::on_plain(std::string_view bytes) {
  switch (phase_) {
    case Phase::upgrading:
      return on_upgrade_answer(bytes);
    case Phase::open:
      return plan_.kind == Plan::Kind::http ? on_response(bytes) : on_echo(bytes);
    case Phase::stopped:
    case Phase::securing:
      fail("bytes that nobody asked for");
  }
}

void Connection::on_upgrade_answer(std::string_view bytes) {
  head_ += bytes;
  const auto end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (!head_.starts_with("HTTP/1.1 101 ") || head_.size() != end + 4) fail("not a clean 101:\n" + head_);
  head_ = {};
  opened();
}

void Connection::on_echo(std::string_view bytes) {
  if (plan_.echo.compare(echo_bytes_, bytes.size(), bytes) != 0) fail("the echo is not what was sent");
  echo_bytes_ += bytes.size();
  if (echo_bytes_ == plan_.echo.size()) listener_.on_answer(*this);
}

void Connection::on_response(std::string_view bytes) {
  head_ += bytes;
  const auto end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (!head_.starts_with("HTTP/1.1 200 ")) fail("not a 200:\n" + head_);
  const std::size_t whole = end + 4 + content_length(std::string_view(head_).substr(0, end));
  if (head_.size() > whole) fail("bytes behind a response");
  if (head_.size() < whole) return;
  head_.clear();
  listener_.on_answer(*this);
}

}  // namespace tidegate::bench
