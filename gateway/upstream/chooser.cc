#include "gateway/upstream/chooser.h"

#include <algorithm>
#include <array>

#include "gateway/base/crypto.h"

namespace tidegate::upstream {
namespace {

/// How often nginx's hashes look for another server before they leave it to round robin.
constexpr unsigned kMostRehashes = 20;
constexpr std::size_t kPointsPerWeight = 160;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xedb88320u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

std::string_view without_scheme(std::string_view text) {
  const std::size_t at = text.find("://");
  return at == std::string_view::npos ? text : text.substr(at + 3);
}

/// What a server's points are made of: `HOST \0 PORT`, as nginx cuts what stands in its `server` line.
std::string point_name(std::string_view text) {
  text = without_scheme(text);
  std::string_view host = text, port;
  if (text.starts_with("unix:")) {
    host = text.substr(5);
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    if (digits.find_first_not_of("0123456789") == std::string_view::npos) {
      host = text.substr(0, colon);
      port = digits;
    }
  }
  std::string name(host);
  name += '\0';
  return name.append(port);
}

std::string_view little_endian(std::uint32_t value, char (&bytes)[4]) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(value >> (8 * i) & 0xff);
  return {bytes, 4};
}

}  // namespace

std::uint32_t crc32(std::uint32_t crc, std::string_view bytes) {
  crc = ~crc;
  for (const char c : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

Chooser::Chooser(std::vector<Server>& servers, const conf::Upstream& upstream)
    : servers_(servers), upstream_(upstream), turns_(servers.size()), random_state_(random_u64()) {
  for (const Server& server : servers_) {
    turns_[server.index].effective = static_cast<std::int64_t>(weight_of(server));
  }
  if (upstream_.balance == Balance::consistent_hash) make_points();
}

std::uint64_t Chooser::weight_of(const Server& server) const {
  return std::max(1u, server.state->weight(server.conf->weight));
}

std::uint64_t Chooser::next_random() {
  random_state_ += 0x9e3779b97f4a7c15u;  // splitmix64
  std::uint64_t x = random_state_;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

bool Chooser::usable(const Server& server, const Course& course, std::int64_t now_ms) const {
  const ServerState& state = *server.state;
  const conf::Server& conf = *server.conf;
  if (conf.down || server.addresses.empty() || state.drained.load(std::memory_order_relaxed)) return false;
  if (!course.tried.empty() && course.tried[server.index]) return false;
  if (conf.max_connections > 0 && state.claims.value() >= conf.max_connections) return false;
  // As in nginx, the only server there is has no better one beside it.
  if (servers_.size() == 1 || conf.max_fails == 0) return true;
  return state.fails.load(std::memory_order_relaxed) < conf.max_fails ||
         now_ms - state.checked_ms.load(std::memory_order_relaxed) > conf.fail_timeout.count();
}

std::vector<Server*> Chooser::candidates(const Course& course, bool backup, std::int64_t now_ms) {
  std::vector<Server*> list;
  for (Server& server : servers_) {
    if (server.conf->backup == backup && usable(server, course, now_ms)) list.push_back(&server);
  }
  return list;
}

Server* Chooser::choose(const Question& question, Course& course, std::int64_t now_ms) {
  if (course.tried.empty()) course.tried.resize(servers_.size());
  Server* chosen = by_method(question, course, now_ms);
  if (chosen == nullptr) chosen = round_robin(candidates(course, /*backup=*/true, now_ms));
  if (chosen == nullptr) return nullptr;
  course.tried[chosen->index] = true;
  // One that had failed too often gets one attempt per fail_timeout.
  std::atomic<std::int64_t>& checked = chosen->state->checked_ms;
  if (now_ms - checked.load(std::memory_order_relaxed) > chosen->conf->fail_timeout.count()) {
    checked.store(now_ms, std::memory_order_relaxed);
  }
  return chosen;
}

Server* Chooser::by_method(const Question& question, Course& course, std::int64_t now_ms) {
  switch (upstream_.balance) {
    case Balance::ip_hash:
      if (Server* server = ip_hash(question, course, now_ms)) return server;
      break;
    case Balance::hash:
      if (Server* server = hash(question, course, now_ms)) return server;
      break;
    case Balance::consistent_hash:
      if (Server* server = consistent(question, course, now_ms)) return server;
      break;
    case Balance::least_tunnels:
    case Balance::least_connections:
      return least_connections(candidates(course, false, now_ms));
    case Balance::random:
      return at_random(candidates(course, false, now_ms));
    case Balance::random_two:
      return random_two(candidates(course, false, now_ms));
    case Balance::round_robin:
      break;
  }
  return round_robin(candidates(course, false, now_ms));
}

/// One step of ngx_http_upstream_get_peer().
Server* Chooser::round_robin(const std::vector<Server*>& list) {
  Server* best = nullptr;
  std::int64_t total = 0;
  for (Server* server : list) {
    Turn& turn = turns_[server->index];
    turn.current += turn.effective;
    total += turn.effective;
    if (turn.effective < static_cast<std::int64_t>(weight_of(*server))) ++turn.effective;
    if (best == nullptr || turn.current > turns_[best->index].current) best = server;
  }
  if (best != nullptr) turns_[best->index].current -= total;
  return best;
}

/// The fewest connections for its weight; those that tie take turns.
Server* Chooser::least_connections(std::vector<Server*> list) {
  const auto fewer = [this](const Server* a, const Server* b) {
    return a->state->claims.value() * weight_of(*b) < b->state->claims.value() * weight_of(*a);
  };
  const auto least = std::min_element(list.begin(), list.end(), fewer);
  if (least == list.end()) return nullptr;
  const Server* reference = *least;
  std::erase_if(list, [&](const Server* server) { return fewer(reference, server); });
  return round_robin(list);
}

Server* Chooser::at_random(const std::vector<Server*>& list) {
  std::uint64_t total = 0;
  for (const Server* server : list) total += weight_of(*server);
  if (total == 0) return nullptr;
  std::uint64_t at = next_random() % total;
  for (Server* server : list) {
    if (at < weight_of(*server)) return server;
    at -= weight_of(*server);
  }
  return list.back();
}

Server* Chooser::random_two(std::vector<Server*> list) {
  Server* one = at_random(list);
  std::erase(list, one);
  Server* other = at_random(list);
  if (one == nullptr || other == nullptr) return one;
  const auto load = [](const Server& server) { return server.state->claims.value(); };
  return load(*other) * weight_of(*one) < load(*one) * weight_of(*other) ? other : one;
}

/// The server at a place on the line on which each takes as much as it weighs. Backups have no part in it.
Server& Chooser::at_weight(std::uint32_t weight) {
  std::uint64_t total = 0;
  for (const Server& server : servers_) total += server.conf->backup ? 0 : weight_of(server);
  std::uint64_t at = weight % std::max<std::uint64_t>(total, 1);
  for (Server& server : servers_) {
    if (server.conf->backup) continue;
    if (at < weight_of(server)) return server;
    at -= weight_of(server);
  }
  return servers_.front();
}

/// ngx_http_upstream_get_ip_hash_peer(): the first three bytes of an IPv4 address, all of an IPv6 one.
Server* Chooser::ip_hash(const Question& question, Course& course, std::int64_t now_ms) {
  if (servers_.size() == 1) return nullptr;
  std::array<std::uint8_t, 16> address{};
  std::size_t first = 0, size = 3;  // a unix socket: three zeros
  if (question.client) {
    address = question.client->bytes();
    first = question.client->is_v4() ? 12 : 0;
    size = question.client->is_v4() ? 3 : 16;
  }
  std::uint32_t hash = course.hash.value_or(89);
  for (; course.rehashed <= kMostRehashes; ++course.rehashed) {
    for (std::size_t i = 0; i < size; ++i) hash = (hash * 113 + address[first + i]) % 6271;
    course.hash = hash;
    Server& server = at_weight(hash);
    if (!server.conf->backup && usable(server, course, now_ms)) return &server;
  }
  return nullptr;
}

/// ngx_http_upstream_get_hash_peer(): Cache::Memcached's hash.
Server* Chooser::hash(const Question& question, Course& course, std::int64_t now_ms) {
  if (servers_.size() == 1 || question.key.empty()) return nullptr;
  std::uint32_t sum = course.hash.value_or(0);
  while (course.rehashed <= kMostRehashes) {
    std::uint32_t crc = 0;
    if (course.rehashed > 0) crc = crc32(crc, std::to_string(course.rehashed));
    crc = crc32(crc, question.key);
    sum += crc >> 16 & 0x7fff;
    course.hash = sum;
    ++course.rehashed;
    Server& server = at_weight(sum);
    if (!server.conf->backup && usable(server, course, now_ms)) return &server;
  }
  return nullptr;
}

/// Cache::Memcached::Fast's: 160 points per weight, crc32(HOST \0 PORT PREVIOUS).
void Chooser::make_points() {
  groups_.resize(servers_.size());
  for (const Server& server : servers_) {
    groups_[server.index] = server.index;
    for (std::size_t i = 0; i < server.index; ++i) {
      if (servers_[i].conf->text == server.conf->text) groups_[server.index] = groups_[i];
    }
    if (server.conf->backup) continue;
    const std::uint32_t base = crc32(0, point_name(server.conf->text));
    std::uint32_t previous = 0;
    for (std::size_t i = 0; i < weight_of(server) * kPointsPerWeight; ++i) {
      char bytes[4];
      previous = crc32(base, little_endian(previous, bytes));
      points_.push_back({previous, groups_[server.index]});
    }
  }
  std::stable_sort(points_.begin(), points_.end(),
                   [](const Point& a, const Point& b) { return a.hash < b.hash; });
  const auto same = [](const Point& a, const Point& b) { return a.hash == b.hash; };
  points_.erase(std::unique(points_.begin(), points_.end(), same), points_.end());
}

Server* Chooser::consistent(const Question& question, Course& course, std::int64_t now_ms) {
  if (servers_.size() == 1 || points_.empty() || question.key.empty()) return nullptr;
  if (!course.hash) {
    const auto at =
        std::lower_bound(points_.begin(), points_.end(), crc32(0, question.key),
                         [](const Point& point, std::uint32_t value) { return point.hash < value; });
    course.hash = static_cast<std::uint32_t>(at - points_.begin());
  }
  for (; course.rehashed <= kMostRehashes; ++course.rehashed) {
    const std::size_t group = points_[*course.hash % points_.size()].group;
    std::vector<Server*> list = candidates(course, false, now_ms);
    std::erase_if(list, [&](const Server* server) { return groups_[server->index] != group; });
    if (Server* best = round_robin(list)) return best;
    ++*course.hash;
  }
  return nullptr;
}

void Chooser::failed(Server& server, std::int64_t now_ms) {
  const unsigned most = server.conf->max_fails;
  if (servers_.size() == 1 || most == 0) return;
  ServerState& state = *server.state;
  state.fails.fetch_add(1, std::memory_order_relaxed);
  state.failed_ms.store(now_ms, std::memory_order_relaxed);
  state.checked_ms.store(now_ms, std::memory_order_relaxed);
  Turn& turn = turns_[server.index];
  turn.effective =
      std::max<std::int64_t>(0, turn.effective - static_cast<std::int64_t>(weight_of(server) / most));
}

void Chooser::succeeded(Server& server) {
  ServerState& state = *server.state;
  if (state.fails.load(std::memory_order_relaxed) == 0) return;
  if (state.failed_ms.load(std::memory_order_relaxed) < state.checked_ms.load(std::memory_order_relaxed)) {
    state.fails.store(0, std::memory_order_relaxed);
  }
}

}  // namespace tidegate::upstream
