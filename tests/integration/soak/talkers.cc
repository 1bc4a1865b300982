#include "tests/integration/soak/talkers.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tests/integration/gateway.h"

namespace tidegate::test {

Talker::Talker(std::uint16_t port, SSL_CTX* context) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    complain(std::string("cannot connect: ") + std::strerror(errno));
    return;
  }
  if (context != nullptr) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) {
      complain("the TLS handshake failed");
      return;
    }
  }
  write(handshake_request("/0/0"));
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && read(&byte, 1) == 1) head += byte;
  if (!head.starts_with("HTTP/1.1 101 ")) complain("not a 101: " + head);
  ::fcntl(fd_, F_SETFL, O_NONBLOCK);
}

Talker::~Talker() {
  SSL_free(ssl_);
  ::close(fd_);
}

bool Talker::complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = what + " after " + std::to_string(count_) + " messages";
  return false;
}

long Talker::read(char* to, std::size_t size) {
  if (ssl_ == nullptr) return ::recv(fd_, to, size, 0);
  const int got = SSL_read(ssl_, to, static_cast<int>(size));
  if (got > 0) return got;
  const int error = SSL_get_error(ssl_, got);
  errno = error == SSL_ERROR_WANT_READ ? EAGAIN : ECONNRESET;
  return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

bool Talker::write(const std::string& bytes) {
  const long sent = ssl_ == nullptr ? ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                    : SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  return sent == static_cast<long>(bytes.size()) || complain("cannot write");
}

bool Talker::say_next() {
  const std::string text = "message " + std::to_string(++count_) + std::string(48, '.');
  expected_ = frame(1, text, false);
  got_.clear();
  return write(frame(1, text, true));
}

bool Talker::on_readable() {
  std::array<char, 512> buffer;
  while (true) {
    const long size = read(buffer.data(), buffer.size());
    if (size < 0 && errno == EAGAIN) return true;
    if (size <= 0) return complain(size == 0 ? "the end" : std::strerror(errno));
    got_.append(buffer.data(), static_cast<std::size_t>(size));
    if (got_.size() < expected_.size()) continue;
    if (got_ != expected_) return complain("another answer than what was said");
    return say_next();
  }
}

void Talkers::connect(std::uint16_t port, SSL_CTX* context, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    talkers_.push_back(std::make_unique<Talker>(port, context));
    ASSERT_EQ("", talkers_.back()->complaint());
  }
}

void Talkers::start() {
  thread_ = std::thread([this] { run(); });
}

void Talkers::stop() {
  stopping_ = true;
  thread_.join();
  talkers_.clear();
}

void Talkers::run() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  for (const auto& talker : talkers_) {
    epoll_event event{EPOLLIN, {.ptr = talker.get()}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, talker->fd(), &event);
    talker->say_next();
  }
  std::array<epoll_event, 512> events;
  while (!stopping_) {
    const int count = ::epoll_wait(epoll, events.data(), events.size(), 10);
    for (int i = 0; i < count; ++i) {
      auto& talker = *static_cast<Talker*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (talker.on_readable()) {
        ++messages_;
        continue;
      }
      ++lost_;
      if (complaint_.empty()) complaint_ = talker.complaint();
      ::epoll_ctl(epoll, EPOLL_CTL_DEL, talker.fd(), nullptr);
    }
  }
  ::close(epoll);
}

}  // namespace tidegate::test
