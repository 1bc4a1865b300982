#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What the measuring tools share: non-blocking IPv4 sockets and epoll, as bare as they come. The tools are
/// programs of one thread that end with the process, so what cannot go on calls `fail`.
namespace tidegate::bench {

/// Says what is wrong on stderr, with errno's words if `with_errno`, and exits 1.
[[noreturn]] void fail(std::string_view what, bool with_errno = false);

/// "127.0.0.1:8080"; only loopback is accepted, these tools have no business elsewhere.
struct Endpoint {
  std::uint32_t address = 0;  ///< host byte order
  std::uint16_t port = 0;
};
Endpoint parse_endpoint(std::string_view text);

int listen_on(Endpoint at);
/// A connection that is waiting, with TCP_NODELAY, or -1 if there is none.
int accept_from(int listener);
/// A connection under way, with TCP_NODELAY.
int connect_to(Endpoint to);

/// What a tool reads at once.
inline constexpr std::size_t kReadBytes = 64 * 1024;

/// Raises RLIMIT_NOFILE to the hard limit.
void raise_descriptor_limit();

/// What a read or write came to.
enum class Io { done, later, ended };

/// Reads once. `bytes` is how many; `ended` is EOF or an error.
Io read_some(int fd, std::span<char> into, std::size_t& bytes);
/// Writes once. `bytes` is how many the socket took; `later` if that was not everything.
Io write_some(int fd, std::string_view from, std::size_t& bytes);

/// Level-triggered epoll; what is registered comes back as the pointer it was registered with.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(int fd, std::uint32_t events, void* what);
  void change(int fd, std::uint32_t events, void* what);
  /// Waits at most `timeout_ms` (-1: for ever). The events are valid until the next call.
  std::span<const epoll_event> wait(int timeout_ms);

 private:
  int fd_;
  std::array<epoll_event, 256> events_;
};

}  // namespace tidegate::bench
