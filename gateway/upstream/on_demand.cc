#include "gateway/upstream/on_demand.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gateway/base/log.h"

namespace tidegate::upstream {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

/// How old a lookup's answer may be when it is used.
constexpr milliseconds kFresh = 10s;
/// A server that nobody asked for this long is forgotten.
constexpr milliseconds kForgotten = 5min;

}  // namespace

std::optional<conf::Server> server_from(std::string_view target, bool https) {
  conf::Server server;
  server.scheme = https ? conf::Server::Scheme::https : conf::Server::Scheme::http;
  server.port = https ? 443 : 80;
  server.text = target;
  if (target.starts_with("unix:")) {
    server.unix_path = target.substr(5, target.find(':', 5) - 5);
    if (server.unix_path.empty()) return std::nullopt;
    return server;
  }
  std::string_view port;
  if (target.starts_with('[')) {
    const std::size_t end = target.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    server.host = target.substr(1, end - 1);
    if (!IpAddress::parse(server.host)) return std::nullopt;
    port = target.substr(end + 1);
  } else {
    const std::size_t colon = target.find(':');
    server.host = target.substr(0, colon);
    if (colon != std::string_view::npos) port = target.substr(colon);
  }
  if (server.host.empty()) return std::nullopt;
  if (port.empty()) return server;
  const char* end = port.data() + port.size();
  const auto [stopped, error] = std::from_chars(port.data() + 1, end, server.port);
  if (port.front() != ':' || error != std::errc() || stopped != end || server.port == 0) return std::nullopt;
  return server;
}

OnDemand::OnDemand(net::Loop& loop, ServerStates& states) : loop_(loop), states_(states), resolver_(loop) {}

OnDemand::~OnDemand() = default;

/// One who waits for a lookup; forgotten by its end.
struct OnDemand::Waiting final : Wait {
  Waiting(std::shared_ptr<Entry> e, Done d) : entry(std::move(e)), done(std::move(d)) {
    place = entry->waiting.insert(entry->waiting.end(), [this] { answer(); });
  }
  ~Waiting() override {
    if (!answered) entry->waiting.erase(place);
  }
  /// May destroy this object.
  void answer() {
    answered = true;
    const Done call = std::move(done);
    call(entry->resolved == std::chrono::steady_clock::time_point{} ? nullptr : entry);
  }
  std::shared_ptr<Entry> entry;
  Done done;
  std::list<std::function<void()>>::iterator place;
  bool answered = false;
};

std::unique_ptr<OnDemand::Wait> OnDemand::ask(std::string_view target,
                                              std::shared_ptr<tls::ClientContext> tls, Done done) {
  const auto entry = find(target, std::move(tls));
  if (entry == nullptr) {
    done(nullptr);
    return nullptr;
  }
  entry->used = loop_.now();
  const bool known = entry->resolved != std::chrono::steady_clock::time_point{};
  if (entry->literal || (known && loop_.now() - entry->resolved < kFresh)) {
    done(entry);
    return nullptr;
  }
  auto wait = std::make_unique<Waiting>(entry, std::move(done));
  if (!std::exchange(entry->looking_up, true)) look_up(entry);
  return wait;
}

/// Null: that is no address, or there is no room.
std::shared_ptr<OnDemand::Entry> OnDemand::find(std::string_view target,
                                                std::shared_ptr<tls::ClientContext> tls) {
  std::pair<const tls::ClientContext*, std::string> key(tls.get(), target);
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second;
  const auto server = server_from(target, tls != nullptr);
  if (!server) return nullptr;
  if (!make_room()) {
    log::warning("upstream", "more than " + std::to_string(kMost) +
                                 " servers at once are named by requests: the answer is 502");
    return nullptr;
  }
  auto entry = std::make_shared<Entry>();
  entry->conf = std::make_unique<conf::Upstream>();
  entry->conf->name = (tls != nullptr ? "https://" : "http://") + key.second;
  entry->conf->servers = {*server};
  entry->conf->keepalive_idle = 0ms;  // as in nginx, where only an upstream block has `keepalive`
  entry->connector = std::make_unique<Connector>(loop_, *entry->conf, states_, std::move(tls));
  entry->literal = literal_address(*server).has_value();
  entries_.emplace(std::move(key), entry);
  if (!sweep_.armed()) sweep_.arm(loop_.timers(), kForgotten);
  return entry;
}

void OnDemand::look_up(const std::shared_ptr<Entry>& entry) {
  const conf::Server& server = entry->conf->servers.front();
  resolver_.resolve(server.host, [this, entry](const std::vector<IpAddress>& found, int error) {
    const conf::Server& asked = entry->conf->servers.front();
    entry->looking_up = false;
    if (found.empty()) {
      log::warning("upstream", "the name of server " + asked.text +
                                   ", which a request named, cannot be looked up: " + net::error_text(error));
    } else {
      std::vector<net::SocketAddress> addresses;
      for (const IpAddress& ip : found) addresses.push_back({ip, asked.port, {}});
      entry->connector->set_addresses(0, std::move(addresses));
      entry->resolved = loop_.now();
    }
    // Who is called may end others that wait, or ask anew.
    while (!entry->waiting.empty()) {
      const auto call = std::move(entry->waiting.front());
      entry->waiting.pop_front();
      call();
    }
  });
}

/// False: all that are kept are in use.
bool OnDemand::make_room() {
  if (entries_.size() < kMost) return true;
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second.use_count() > 1) continue;
    if (oldest == entries_.end() || it->second->used < oldest->second->used) oldest = it;
  }
  if (oldest == entries_.end()) return false;
  entries_.erase(oldest);
  return true;
}

void OnDemand::sweep() {
  std::erase_if(entries_, [this](const auto& item) {
    return item.second.use_count() == 1 && loop_.now() - item.second->used >= kForgotten;
  });
  if (!entries_.empty()) sweep_.arm(loop_.timers(), kForgotten);
}

}  // namespace tidegate::upstream
