#include "gateway/server/inheritance.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "gateway/base/log.h"

namespace tidegate::server {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START

/// The value of a variable, which is gone afterwards.
std::optional<std::string> take(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) return std::nullopt;
  std::string copy = value;
  ::unsetenv(variable);
  return copy;
}

std::optional<int> to_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ':');) names.push_back(name);
  return names;
}

/// The same file, though perhaps by another name (/run and /var/run).
bool same_file(const std::string& a, const std::string& b) {
  if (a == b) return true;
  struct stat at_a {};
  struct stat at_b {};
  return ::stat(a.c_str(), &at_a) == 0 && ::stat(b.c_str(), &at_b) == 0 && at_a.st_dev == at_b.st_dev &&
         at_a.st_ino == at_b.st_ino;
}

bool is_any(const IpAddress& ip) {
  return ip == *IpAddress::parse("::") || ip == *IpAddress::parse("0.0.0.0");
}

/// Does the socket listen on that address, whatever its port?
bool fits(const conf::ListenAddress& address, const net::ListeningSocket& socket) {
  if (!address.unix_path.empty()) {
    return socket.is_unix() && same_file(address.unix_path, socket.local().unix_path);
  }
  if (socket.is_unix()) return false;
  const IpAddress ip = socket.local().ip;
  return address.host.empty() ? is_any(ip) : IpAddress::parse(address.host) == ip;
}

}  // namespace

Inheritance::Inheritance(Inheritance&& other) noexcept
    : sockets_(std::move(other.sockets_)),
      to_own_(std::move(other.to_own_)),
      announce_(std::exchange(other.announce_, -1)) {}

Inheritance& Inheritance::operator=(Inheritance&& other) noexcept {
  std::swap(sockets_, other.sockets_);
  std::swap(to_own_, other.to_own_);
  std::swap(announce_, other.announce_);
  return *this;
}

Inheritance::~Inheritance() {
  if (announce_ >= 0) ::close(announce_);
}

Inheritance Inheritance::from_environment() {
  const auto pid = take("LISTEN_PID");
  const auto count = take("LISTEN_FDS");
  const auto names = names_in(take("LISTEN_FDNAMES").value_or(""));
  const auto announce = take(kAnnounceVariable);
  take("LISTEN_PIDFDID");
  Inheritance inheritance;
  if (!pid || to_number(*pid) != ::getpid()) return inheritance;  // another process was meant
  const auto descriptors = to_number(count.value_or(""));
  if (!descriptors) {
    log::warning("server", "LISTEN_FDS is not a number (" + count.value_or("") + "): nothing is inherited");
    return inheritance;
  }
  for (int i = 0; i < *descriptors; ++i) {
    const int fd = kFirstDescriptor + i;
    const auto place = static_cast<std::size_t>(i);
    std::string name = place < names.size() ? names[place] : "";
    auto socket = net::ListeningSocket::adopt(fd);
    if (!socket) {
      log::warning("server", "inherited descriptor " + std::to_string(fd) + " (" + name +
                                 ") is not a listening TCP or unix stream socket: closed");
      continue;
    }
    inheritance.sockets_.push_back({std::move(socket).value(), std::move(name)});
  }
  if (const auto fd = to_number(announce.value_or("")); fd && ::fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0) {
    inheritance.announce_ = *fd;
    for (const Socket& each : inheritance.sockets_) {
      if (each.name == kOwn) inheritance.to_own_.push_back(each.socket.descriptor());
    }
  }
  return inheritance;
}

std::vector<net::ListeningSocket> Inheritance::claim(const conf::ListenAddress& address) {
  std::vector<net::ListeningSocket> claimed;
  std::vector<Socket> others;
  std::uint16_t port = address.port;
  for (Socket& each : sockets_) {
    const std::uint16_t its_port = each.socket.local().port;
    if (fits(address, each.socket) && (port == 0 || port == its_port)) {
      port = its_port;
      claimed.push_back(std::move(each.socket));
    } else {
      others.push_back(std::move(each));
    }
  }
  sockets_ = std::move(others);
  if (claimed.empty()) return claimed;
  log::info("server", "inherited for " + address.text + ": " + std::to_string(claimed.size()) +
                          " listening socket" + (claimed.size() == 1 ? "" : "s"));
  if (!handed_over()) warn_of_missing_family(address, claimed);
  return claimed;
}

/// systemd's ListenStream= may say less than the listener does.
void Inheritance::warn_of_missing_family(const conf::ListenAddress& address,
                                         const std::vector<net::ListeningSocket>& sockets) const {
  if (!address.unix_path.empty() || !address.host.empty()) return;
  bool v4 = false;
  bool v6 = false;
  for (const net::ListeningSocket& socket : sockets) {
    const bool is_v4 = socket.local().ip.is_v4();
    v4 |= is_v4 || socket.takes_both_families();
    v6 |= !is_v4;
  }
  if (v4 && v6) return;
  log::warning("server", "the listener " + address.text +
                             " is meant for IPv4 and IPv6, but its inherited socket takes " +
                             (v4 ? "IPv4" : "IPv6") +
                             " alone; let ListenStream= name the port alone, with BindIPv6Only=both");
}

void Inheritance::settle() {
  if (announce_ >= 0) {
    // One byte always fits; if the other process is gone there is nobody to tell.
    [[maybe_unused]] const auto written = ::write(announce_, &kReady, 1);
    ::close(std::exchange(announce_, -1));
  }
  for (const auto& each : std::exchange(to_own_, {})) {
    if (const auto descriptor = each.lock()) descriptor->own();
  }
  for (const Socket& each : std::exchange(sockets_, {})) {
    log::warning(
        "server",
        "inherited socket " + each.socket.local().to_string() +
            (each.name.empty() ? "" : " (" + each.name + ")") +
            " is no listener's: closed; add a listener with its address, or take it out of the socket unit");
  }
}

}  // namespace tidegate::server
