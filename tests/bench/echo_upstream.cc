// The upstream of the measurements: `echo_upstream 127.0.0.1:PORT`. It answers a WebSocket handshake with the
// right 101 and echoes each frame unmasked as its bytes arrive; any other GET gets a small answer on a
// connection that stays. It trusts what it reads: the gateway in front has checked it. Runs until it is
// killed.

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/frames.h"
#include "tests/bench/sockets.h"

namespace tidegate::bench {
namespace {

std::string accept_for(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §4.2.2
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  std::array<unsigned char, 32> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {encoded.begin(), encoded.begin() + length};
}

/// The value of a field in a request's head, or an empty view. `name` is lower case and ends with a colon.
std::string_view field(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto at = std::search(head.begin(), head.end(), name.begin(), name.end(), same);
  if (at == head.end()) return {};
  std::string_view value = head.substr(static_cast<std::size_t>(at - head.begin()) + name.size());
  value = value.substr(0, value.find('\r'));
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

/// One client. Owned by the list in main; ends when its socket does.
class Connection {
 public:
  Connection(int fd, Poller& poller) : fd_(fd), poller_(poller) { poller_.add(fd_, EPOLLIN, this); }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// False: it is over.
  bool on_events(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && !flush()) return false;
    if (events_ == EPOLLIN && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !on_readable())
      return false;
    return !closing_ || !out_.empty();
  }

 private:
  bool on_readable() {
    static std::array<char, kReadBytes> buffer;
    std::size_t bytes = 0;
    const Io result = read_some(fd_, buffer, bytes);
    if (result != Io::done) return result == Io::later;
    std::span<char> in(buffer.data(), bytes);
    if (!tunnel_) in = read_heads(in);
    if (tunnel_) echo(in);
    return flush();
  }

  /// Answers complete heads; returns what follows a handshake.
  std::span<char> read_heads(std::span<char> in) {
    head_.append(in.data(), in.size());
    for (auto end = head_.find("\r\n\r\n"); end != std::string::npos; end = head_.find("\r\n\r\n")) {
      const std::string head = head_.substr(0, end + 4);
      head_.erase(0, end + 4);
      const std::string_view key = field(head, "sec-websocket-key:");
      if (key.empty()) {
        out_ += "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
        continue;
      }
      out_ +=
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: " +
          accept_for(key) + "\r\n\r\n";
      tunnel_ = true;
      const std::size_t rest = head_.size();
      head_ = {};
      return in.last(rest);
    }
    return {};
  }

  void echo(std::span<char> in) {
    while (!in.empty()) {
      if (payload_left_ == 0 && !take_header(in)) continue;
      const auto part = in.first(std::min<std::uint64_t>(in.size(), payload_left_));
      mask(part, key_, payload_done_);
      out_.append(part.data(), part.size());
      payload_left_ -= part.size();
      payload_done_ += part.size();
      in = in.subspan(part.size());
    }
  }

  /// Takes one byte more of a header; true once it is whole and has been answered with ours.
  bool take_header(std::span<char>& in) {
    header_[header_bytes_++] = static_cast<unsigned char>(in[0]);
    in = in.subspan(1);
    if (header_bytes_ < 2) return false;
    const std::size_t short_length = header_[1] & 0x7fu;
    const std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    if (header_bytes_ < 2 + extended + key_.size()) return false;
    std::uint64_t length = extended == 0 ? short_length : 0;
    for (std::size_t i = 0; i < extended; ++i) length = length << 8 | header_[2 + i];
    std::copy_n(header_.begin() + 2 + static_cast<std::ptrdiff_t>(extended), key_.size(), key_.begin());
    std::uint8_t first = header_[0];
    if ((first & 0x0f) == kPing) first = static_cast<std::uint8_t>((first & 0xf0) | kPong);
    if ((first & 0x0f) == kClose) closing_ = true;
    append_header(out_, first, length, nullptr);
    header_bytes_ = 0;
    payload_left_ = length;
    payload_done_ = 0;
    return length > 0;
  }

  /// Writes what there is. While something is left, nothing is read.
  bool flush() {
    if (!out_.empty()) {
      std::size_t bytes = 0;
      if (write_some(fd_, out_, bytes) == Io::ended) return false;
      out_.erase(0, bytes);
    }
    const std::uint32_t events = out_.empty() ? EPOLLIN : EPOLLOUT;
    if (events != events_) poller_.change(fd_, events_ = events, this);
    return true;
  }

  int fd_;
  Poller& poller_;
  std::uint32_t events_ = EPOLLIN;
  bool tunnel_ = false;
  bool closing_ = false;  // a Close frame went by: the connection ends when its echo is out
  std::string head_;
  std::string out_;
  std::array<unsigned char, 14> header_{};
  std::size_t header_bytes_ = 0;
  MaskKey key_{};
  std::uint64_t payload_left_ = 0;
  std::uint64_t payload_done_ = 0;
};

[[noreturn]] void serve(Endpoint at) {
  Poller poller;
  const int listener = listen_on(at);
  poller.add(listener, EPOLLIN, nullptr);
  for (;;) {
    for (const epoll_event& event : poller.wait(-1)) {
      if (event.data.ptr == nullptr) {
        for (int fd = accept_from(listener); fd >= 0; fd = accept_from(listener)) new Connection(fd, poller);
        continue;
      }
      // Epoll holds the only pointer to a connection, and one event at most for it in each turn.
      std::unique_ptr<Connection> connection(static_cast<Connection*>(event.data.ptr));
      if (connection->on_events(event.events)) static_cast<void>(connection.release());
    }
  }
}

}  // namespace
}  // namespace tidegate::bench

int main(int argc, char** argv) {
  using namespace tidegate::bench;
  if (argc != 2) fail("usage: echo_upstream 127.0.0.1:PORT");
  raise_descriptor_limit();
  serve(parse_endpoint(argv[1]));
}
