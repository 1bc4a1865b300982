#include "gateway/net/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::net {
namespace {

std::vector<IpAddress> addresses_of(const addrinfo* list) {
  std::vector<IpAddress> addresses;
  for (; list != nullptr; list = list->ai_next) {
    std::optional<IpAddress> address;
    if (list->ai_family == AF_INET) {
      address = IpAddress::from_v4(&reinterpret_cast<const sockaddr_in*>(list->ai_addr)->sin_addr);
    } else if (list->ai_family == AF_INET6) {
      address = IpAddress::from_v6(&reinterpret_cast<const sockaddr_in6*>(list->ai_addr)->sin6_addr);
    }
    if (address && std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  return addresses;
}

}  // namespace

/// Lookups can't be taken back once a thread of the pool is at them, so each holds a weak reference to this
/// and asks at its end whether anybody still listens.
struct Resolver::Impl {
  explicit Impl(Loop& l) : loop(l) {}
  Loop& loop;
};

namespace {

/// One lookup. Owner: libuv, until its callback.
template <typename Listening>
struct Lookup {
  uv_getaddrinfo_t request{};
  std::weak_ptr<Listening> asker;
  Resolver::Callback callback;

  static void on_uv_resolved(uv_getaddrinfo_t* request, int status, addrinfo* list) noexcept {
    const std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
    std::vector<IpAddress> addresses = addresses_of(list);
    uv_freeaddrinfo(list);
    if (lookup->asker.expired()) return;
    const int error = status == 0 && addresses.empty() ? UV_EAI_NONAME : status;
    lookup->callback(std::move(addresses), error);
  }
};

}  // namespace

Resolver::Resolver(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {}

Resolver::~Resolver() = default;

void Resolver::resolve(const std::string& host, Callback callback) {
  auto lookup = std::make_unique<Lookup<Impl>>();
  lookup->request.data = lookup.get();
  lookup->asker = impl_;
  lookup->callback = std::move(callback);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  // No AI_ADDRCONFIG: in a container with nothing but loopback it would hide ::1.
  const int result = uv_getaddrinfo(impl_->loop.uv(), &lookup->request, Lookup<Impl>::on_uv_resolved,
                                    host.c_str(), nullptr, &hints);
  if (result == 0) {
    static_cast<void>(lookup.release());
    return;
  }
  impl_->loop.post([asker = lookup->asker, answer = std::move(lookup->callback), result] {
    if (!asker.expired()) answer({}, result);
  });
}

std::string error_text(int os_error) {
  std::array<char, 128> text;
  return uv_strerror_r(os_error, text.data(), text.size());
}

}  // namespace tidegate::net
