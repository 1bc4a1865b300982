#include "gateway/upstream/balancer.h"

#include <algorithm>
#include <bit>

#include "gateway/base/crypto.h"

namespace tidegate::upstream {
namespace {

constexpr std::size_t kCookieLength = 16;  // 96 bits of a digest: nobody meets a collision

/// The finaliser of splitmix64: every bit of the input reaches every bit of the result.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// The first eight bytes of a digest, the same on every architecture.
std::uint64_t digest64(std::string_view text) {
  std::uint64_t value = 0;
  const auto digest = sha256(text);
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | digest[i];
  return value;
}

std::string cookie_value(const std::string& upstream, const std::string& server) {
  std::string name = "tidegate";
  name += '\0';
  name += upstream;
  name += '\0';
  name += server;
  return base64url_encode(sha256(name)).substr(0, kCookieLength);
}

/// -log2(x / 2^64) with 24 fractional bits, for uniform x an exponentially distributed number. Whole numbers
/// alone, because the order of servers must not depend on somebody's libm.
std::uint64_t exponential(std::uint64_t x) {
  constexpr int kFractionBits = 24;
  x |= 1;
  const int zeros = std::countl_zero(x);
  std::uint64_t mantissa = (x << zeros) >> 32;  // in [2^31, 2^32): one bit before the point
  std::uint64_t fraction = 0;                   // of log2(mantissa)
  for (int bit = 0; bit < kFractionBits; ++bit) {
    mantissa = mantissa * mantissa >> 31;
    fraction <<= 1;
    if (mantissa >> 32 != 0) {
      mantissa >>= 1;
      fraction |= 1;
    }
  }
  return (static_cast<std::uint64_t>(zeros + 1) << kFractionBits) - fraction;
}

std::uint32_t weight_of(const Server& server) {
  return std::max(1u, server.state->weight(server.conf->weight));
}

bool drained(const Server& server) {
  return server.state->drained.load(std::memory_order_relaxed);
}

bool avoided(const Server& server, std::int64_t now_ms) {
  return server.state->avoid_until_ms.load(std::memory_order_relaxed) > now_ms;
}

/// How bad a choice a server is before any balancing; the lowest come first.
unsigned rank_of(const Server& server, std::int64_t now_ms) {
  return (server.addresses.empty() ? 4u : 0u) + (avoided(server, now_ms) ? 2u : 0u) +
         (server.conf->backup ? 1u : 0u);
}

}  // namespace

/// A server with what decides its place: rank, then load by weight, then its turn.
struct Balancer::Candidate {
  Server* server;
  unsigned rank;
  std::uint64_t load;
  std::uint32_t weight;  ///< read once: an operator may change it meanwhile

  bool ties_with(const Candidate& other) const { return rank == other.rank && compare_load(other) == 0; }
  bool before(const Candidate& other) const {
    return rank != other.rank ? rank < other.rank : compare_load(other) < 0;
  }

 private:
  /// load / weight against the other's, without dividing.
  int compare_load(const Candidate& other) const {
    const std::uint64_t mine = load * other.weight;
    const std::uint64_t theirs = other.load * weight;
    return mine < theirs ? -1 : mine > theirs ? 1 : 0;
  }
};

std::optional<net::SocketAddress> literal_address(const conf::Server& server) {
  if (!server.unix_path.empty()) return net::SocketAddress{{}, 0, server.unix_path};
  if (const auto ip = IpAddress::parse(server.host)) return net::SocketAddress{*ip, server.port, {}};
  return std::nullopt;
}

Balancer::Balancer(const conf::Upstream& upstream, ServerStates& states)
    : upstream_(upstream), current_weights_(upstream.servers.size()), random_state_(random_u64()) {
  servers_.reserve(upstream.servers.size());
  for (const conf::Server& conf : upstream.servers) {
    Server& server = servers_.emplace_back();
    server.conf = &conf;
    server.index = servers_.size() - 1;
    server.state = states.get(upstream.name, conf.text);
    server.cookie_value = cookie_value(upstream.name, conf.text);
    server.hash_key = digest64(conf.text);
    if (auto address = literal_address(conf)) server.addresses.push_back(std::move(*address));
  }
}

std::uint64_t Balancer::next_random() {
  random_state_ += 0x9e3779b97f4a7c15u;  // splitmix64
  return mix(random_state_);
}

std::vector<Balancer::Candidate> Balancer::candidates(std::optional<std::string_view> hash,
                                                      std::int64_t now_ms) {
  const bool hashed = hash && !hash->empty();
  const std::uint64_t value = hashed ? digest64(*hash) : 0;
  std::vector<Candidate> list;
  list.reserve(servers_.size());
  for (Server& server : servers_) {
    if (drained(server)) continue;
    std::uint64_t load = 0;  // all alike: round robin decides
    if (hashed) {
      load = exponential(mix(value ^ server.hash_key));
    } else if (upstream_.balance == conf::Upstream::Balance::random) {
      load = exponential(next_random());
    } else if (upstream_.balance == conf::Upstream::Balance::least_tunnels) {
      load = server.state->tunnels.load(std::memory_order_relaxed);
    }
    list.push_back({&server, rank_of(server, now_ms), load, weight_of(server)});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const Candidate& a, const Candidate& b) { return a.before(b); });
  return list;
}

/// One step of nginx's smooth weighted round robin among the candidates that tie for the first place: over as
/// many steps as their weights sum up to each is chosen exactly as often as its weight says, spread evenly.
void Balancer::take_turn(std::vector<Candidate>& list) {
  const auto tied_end = std::find_if_not(list.begin(), list.end(),
                                         [&](const Candidate& c) { return c.ties_with(list.front()); });
  const auto current = [this](const Candidate& c) -> std::int64_t& {
    return current_weights_[c.server->index];
  };
  std::int64_t total = 0;
  for (auto it = list.begin(); it != tied_end; ++it) {
    current(*it) += it->weight;
    total += it->weight;
  }
  // Whose turn is next also says who is tried when the chosen one fails.
  std::stable_sort(list.begin(), tied_end,
                   [&](const Candidate& a, const Candidate& b) { return current(a) > current(b); });
  current(list.front()) -= total;
}

std::vector<Server*> Balancer::order(std::optional<std::string_view> hash, std::string_view cookie,
                                     std::int64_t now_ms) {
  if (servers_.empty()) return {};
  if (servers_.size() == 1 && !drained(servers_.front())) return {&servers_.front()};

  std::vector<Candidate> list = candidates(hash, now_ms);
  if (list.empty()) return {};
  constexpr unsigned kBackup = 1;
  const auto stuck = std::find_if(list.begin(), list.end(), [&](const Candidate& c) {
    return !cookie.empty() && c.server->cookie_value == cookie &&
           (c.rank | kBackup) == (list.front().rank | kBackup);
  });
  if (stuck != list.end()) {
    std::rotate(list.begin(), stuck, stuck + 1);
  } else {
    take_turn(list);
  }
  std::vector<Server*> order;
  order.reserve(list.size());
  for (const Candidate& candidate : list) order.push_back(candidate.server);
  return order;
}

}  // namespace tidegate::upstream
