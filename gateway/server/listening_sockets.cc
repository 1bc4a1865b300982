#include "gateway/server/listening_sockets.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "gateway/net/resolver.h"

namespace tidegate::server {
namespace {

using Sharing = net::ListeningSocket::Sharing;

void complain_of_bind(const conf::ListenAddress& address, const Error& error, Diagnostics& diagnostics) {
  std::string message = "cannot listen on " + address.text + ": " + net::error_text(error.os_error);
  switch (-error.os_error) {
    case EADDRINUSE:
      message += "; another program has this address, stop it or choose another port";
      break;
    case EACCES:
      message += address.unix_path.empty() ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
                                           : "; the directory must be writable by this user";
      break;
    case ENOENT:
      message += "; create the directory of the socket";
      break;
    case EADDRNOTAVAIL:
      message += "; no interface of this machine has the address";
      break;
    default:
      break;
  }
  diagnostics.error(address.at, message);
}

/// Or is no file at all. After a hand-over it may be root's, who made it, while we are somebody else.
bool is_the_owners(const std::string& unix_path) {
  struct stat file {};
  return unix_path.empty() || (::stat(unix_path.c_str(), &file) == 0 && (file.st_mode & 0777) == 0600);
}

}  // namespace

net::SocketAddress socket_address(const conf::ListenAddress& address) {
  net::SocketAddress out;
  out.unix_path = address.unix_path;
  out.port = address.port;
  if (auto ip = IpAddress::parse(address.host)) out.ip = *ip;
  return out;
}

std::vector<net::ListeningSocket> ListeningSockets::open(const conf::ListenAddress& address, unsigned wanted,
                                                         Diagnostics& diagnostics, Access access,
                                                         const conf::SocketOptions& options) {
  std::vector<net::ListeningSocket> sockets = inheritance_.claim(address);
  const std::size_t inherited = sockets.size();
  if (inherited > 0 && access == Access::owner && !is_the_owners(address.unix_path) &&
      ::chmod(address.unix_path.c_str(), 0600) != 0) {
    diagnostics.error(address.at, "the inherited socket " + address.unix_path +
                                      " cannot be kept from others: " + net::error_text(-errno) +
                                      "; write SocketMode=0600 in its socket unit");
    return {};
  }
  while (sockets.size() < wanted) {
    auto socket = one_more(address, sockets, inherited, access, options);
    if (!socket) {
      complain_of_bind(address, socket.error(), diagnostics);
      return {};
    }
    sockets.push_back(std::move(socket).value());
  }
  std::erase_if(known_, [](const auto& socket) { return socket.expired(); });
  for (const net::ListeningSocket& socket : sockets) {
    if (!socket.is_duplicate()) known_.push_back(socket.descriptor());
  }
  return sockets;
}

Result<net::ListeningSocket> ListeningSockets::one_more(const conf::ListenAddress& conf,
                                                        const std::vector<net::ListeningSocket>& sockets,
                                                        std::size_t inherited, Access access,
                                                        const conf::SocketOptions& options) const {
  net::SocketAddress address = socket_address(conf);
  const bool is_unix = !conf.unix_path.empty();
  const bool any = !is_unix && (conf.host.empty() || (conf.host == "::" && !options.ipv6_only));
  if (sockets.empty()) return net::ListeningSocket::bind(address, any, Sharing::first, access, options);
  if (is_unix) return sockets.front().duplicate();
  if (inherited == 0) {
    address.port = sockets.front().local().port;  // what the system chose for port 0
    return net::ListeningSocket::bind(address, any, Sharing::more, access, options);
  }
  const net::ListeningSocket& model = sockets[sockets.size() % inherited];
  if (model.shares_port()) {
    // Not before we accept: until then the process that hands over may have to go on without us.
    auto beside = net::ListeningSocket::bind(model.local(), model.takes_both_families(), Sharing::later,
                                             access, options);
    if (beside) return beside;
  }
  return model.duplicate();  // or somebody else's user bound it, or its port needs rights that we lack
}

std::vector<ListeningSockets::Bequest> ListeningSockets::bequest() const {
  std::vector<Bequest> all;
  for (const auto& known : known_) {
    auto socket = known.lock();
    if (socket == nullptr) continue;
    const bool owned = socket->owned();
    all.push_back({std::move(socket), owned ? Inheritance::kOwn : Inheritance::kLent});
  }
  return all;
}

void ListeningSockets::give_up() {
  for (const auto& known : known_) {
    if (const auto socket = known.lock()) socket->share();
  }
}

}  // namespace tidegate::server
