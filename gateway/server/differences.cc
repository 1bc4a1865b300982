#include "gateway/server/differences.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/base/units.h"
#include "gateway/server/description.h"

namespace tidegate::server {
namespace {

using Kind = Difference::Kind;
using Subject = Difference::Subject;

template <typename Key>
std::uint64_t count(const std::map<Key, std::uint64_t>& counts, const Key& key) {
  const auto found = counts.find(key);
  return found != counts.end() ? found->second : 0;
}

template <typename T>
const T* named(const std::vector<T>& items, const std::string& name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const T& item) { return item.name == name; });
  return found != items.end() ? &*found : nullptr;
}

const conf::Server* same_server(const std::vector<conf::Server>& servers, const conf::Server& wanted) {
  const auto found = std::find_if(servers.begin(), servers.end(), [&](const conf::Server& server) {
    return identity(server) == identity(wanted);
  });
  return found != servers.end() ? &*found : nullptr;
}

/// One comparison; the parts of what differs() answers.
class Comparison {
 public:
  Comparison(const conf::Config& before, const conf::Config& after, const Census& tunnels)
      : before_(before), after_(after), tunnels_(tunnels) {}

  void listeners();
  void routes();
  void upstreams();
  void certificates(const Contents& old_contents, const Contents& new_contents);
  void settings();
  std::vector<Difference> take() { return std::move(found_); }

 private:
  void add(Kind kind, Subject subject, const std::string& name, std::string what = {},
           std::uint64_t tunnels = 0, std::string consequence = {}) {
    found_.push_back({kind, subject, name, std::move(what), tunnels, std::move(consequence)});
  }
  void servers(const conf::Upstream& old_one, const conf::Upstream& new_one);
  void order_of_routes();
  /// What becomes of tunnels whose route or server goes.
  std::string consequence_of(const std::string& upstream) const;

  const conf::Config& before_;
  const conf::Config& after_;
  const Census& tunnels_;
  std::vector<Difference> found_;
};

std::string Comparison::consequence_of(const std::string& upstream) const {
  const conf::Upstream* old_one = named(before_.upstreams, upstream);
  if (old_one == nullptr) return {};
  switch (old_one->on_removal) {
    case conf::Upstream::OnRemoval::keep:
      return {};
    case conf::Upstream::OnRemoval::drain:
      return "each is closed with 1001 at a moment of its own within " + format_duration(after_.drain.window);
    case conf::Upstream::OnRemoval::close:
      return "each is closed with 1001 at once";
  }
  return {};
}

void Comparison::listeners() {
  for (const conf::Listener& old_one : before_.listeners) {
    const std::uint64_t live = count(tunnels_.by_listener, old_one.name);
    const conf::Listener* new_one = named(after_.listeners, old_one.name);
    if (new_one == nullptr) {
      add(Kind::removed, Subject::listener, old_one.name, old_one.address.text, live);
      continue;
    }
    std::string what = changes(describe(old_one), describe(*new_one));
    if (!what.empty()) add(Kind::changed, Subject::listener, old_one.name, std::move(what), live);
  }
  for (const conf::Listener& listener : after_.listeners) {
    if (named(before_.listeners, listener.name) != nullptr) continue;
    add(Kind::added, Subject::listener, listener.name, listener.address.text);
  }
}

void Comparison::routes() {
  for (const conf::Route& old_one : before_.routes) {
    const std::uint64_t live = count(tunnels_.by_route, old_one.name);
    const conf::Route* new_one = named(after_.routes, old_one.name);
    if (new_one == nullptr) {
      add(Kind::removed, Subject::route, old_one.name, {}, live, consequence_of(old_one.upstream.value));
      continue;
    }
    std::string what = changes(describe(old_one), describe(*new_one));
    if (!what.empty()) add(Kind::changed, Subject::route, old_one.name, std::move(what), live);
  }
  for (const conf::Route& route : after_.routes) {
    if (named(before_.routes, route.name) == nullptr) add(Kind::added, Subject::route, route.name);
  }
  order_of_routes();
}

/// The order decides between regexes, and between routes with the same host and path.
void Comparison::order_of_routes() {
  const auto common = [](const conf::Config& config, const conf::Config& other) {
    std::vector<std::string> names;
    for (const conf::Route& route : config.routes) {
      if (named(other.routes, route.name) != nullptr) names.push_back(route.name);
    }
    return names;
  };
  if (common(before_, after_) == common(after_, before_)) return;
  add(Kind::changed, Subject::setting, "routes", "they stand in another order");
}

void Comparison::upstreams() {
  for (const conf::Upstream& old_one : before_.upstreams) {
    const std::uint64_t live = count(tunnels_.by_upstream, old_one.name);
    const conf::Upstream* new_one = named(after_.upstreams, old_one.name);
    if (new_one == nullptr) {
      add(Kind::removed, Subject::upstream, old_one.name, {}, live, consequence_of(old_one.name));
      continue;
    }
    std::string what = changes(describe(old_one), describe(*new_one));
    if (!what.empty()) add(Kind::changed, Subject::upstream, old_one.name, std::move(what), live);
    servers(old_one, *new_one);
  }
  for (const conf::Upstream& upstream : after_.upstreams) {
    if (named(before_.upstreams, upstream.name) == nullptr)
      add(Kind::added, Subject::upstream, upstream.name);
  }
}

void Comparison::servers(const conf::Upstream& old_one, const conf::Upstream& new_one) {
  for (const conf::Server& server : old_one.servers) {
    const std::string name = old_one.name + ' ' + server.text;
    const std::uint64_t live = count(tunnels_.by_server, {old_one.name, identity(server)});
    const conf::Server* stays = same_server(new_one.servers, server);
    if (stays == nullptr) {
      add(Kind::removed, Subject::server, name, {}, live, consequence_of(old_one.name));
      continue;
    }
    std::string what = changes(describe(server), describe(*stays));
    if (!what.empty()) add(Kind::changed, Subject::server, name, std::move(what), live);
  }
  for (const conf::Server& server : new_one.servers) {
    if (same_server(old_one.servers, server) != nullptr) continue;
    add(Kind::added, Subject::server, new_one.name + ' ' + server.text);
  }
}

void Comparison::certificates(const Contents& old_contents, const Contents& new_contents) {
  const auto differs = [&](const conf::Text& path) {
    const auto old_one = old_contents.find(path.value);
    const auto new_one = new_contents.find(path.value);
    return old_one != old_contents.end() && new_one != new_contents.end() &&
           old_one->second != new_one->second;
  };
  const auto changed = [&](const conf::Text& path, const std::string& what, std::uint64_t live) {
    if (differs(path)) add(Kind::changed, Subject::certificate, path.value, what, live);
  };
  const auto pairs = [&](const conf::Certificate& pair, const std::string& where, std::uint64_t live) {
    if (!differs(pair.certificate) && !differs(pair.private_key)) return;
    add(Kind::changed, Subject::certificate, pair.certificate.value,
        (differs(pair.certificate) ? "a new certificate" : "a new private key") + where, live);
  };
  const auto tls = [&](const conf::ListenerTls& conf, const std::string& where, std::uint64_t live) {
    for (const conf::Certificate& pair : conf.certificates) pairs(pair, where, live);
    if (conf.client_auth) {
      changed(conf.client_auth->ca, "other CAs for clients" + where, live);
      changed(conf.client_auth->crl, "another revocation list for clients" + where, live);
    }
    changed(conf.dh_parameters, "other Diffie-Hellman parameters" + where, live);
    changed(conf.stapled_response, "another OCSP response" + where, live);
  };
  for (const conf::Listener& listener : after_.listeners) {
    if (!listener.tls) continue;
    const std::uint64_t live = count(tunnels_.by_listener, listener.name);
    const std::string where = " of listener " + listener.name;
    tls(*listener.tls, where, live);
    for (const conf::NamedTls& named : listener.tls->by_name) tls(named.tls, where, live);
  }
  for (const conf::Upstream& upstream : after_.upstreams) {
    const std::uint64_t live = count(tunnels_.by_upstream, upstream.name);
    changed(upstream.tls.ca, "other CAs for the servers of upstream " + upstream.name, live);
    changed(upstream.tls.crl, "another revocation list for the servers of upstream " + upstream.name, live);
    if (upstream.tls.certificate) pairs(*upstream.tls.certificate, " of upstream " + upstream.name, live);
  }
}

void Comparison::settings() {
  const std::vector<Entry> old_ones = describe_settings(before_);
  const std::vector<Entry> new_ones = describe_settings(after_);
  const auto find = [](const std::vector<Entry>& entries, const std::string& key) {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& each) { return each.key == key; });
    return found != entries.end() ? &*found : nullptr;
  };
  for (const Entry& entry : old_ones) {
    const Entry* other = find(new_ones, entry.key);
    if (other != nullptr && other->value == entry.value) continue;
    add(Kind::changed, Subject::setting, entry.key, change(&entry, other));
  }
  for (const Entry& entry : new_ones) {
    if (find(old_ones, entry.key) != nullptr) continue;
    add(Kind::changed, Subject::setting, entry.key, change(nullptr, &entry));
  }
}

const char* word(Kind kind) {
  switch (kind) {
    case Kind::added:
      return "added";
    case Kind::removed:
      return "removed";
    case Kind::changed:
      return "changed";
  }
  return "";
}

const char* word(Subject subject) {
  switch (subject) {
    case Subject::listener:
      return "listener";
    case Subject::route:
      return "route";
    case Subject::upstream:
      return "upstream";
    case Subject::server:
      return "server";
    case Subject::certificate:
      return "certificate";
    case Subject::setting:
      return "setting";
  }
  return "";
}

}  // namespace

std::vector<Difference> differences(const conf::Config& before, const Contents& before_contents,
                                    const conf::Config& after, const Contents& after_contents,
                                    const Census& tunnels) {
  Comparison comparison(before, after, tunnels);
  comparison.listeners();
  comparison.routes();
  comparison.upstreams();
  comparison.certificates(before_contents, after_contents);
  comparison.settings();
  return comparison.take();
}

std::string to_string(const Difference& difference) {
  std::string line =
      std::string(word(difference.subject)) + ' ' + difference.name + ' ' + word(difference.kind);
  if (!difference.what.empty()) line += " (" + difference.what + ")";
  if (difference.tunnels == 0) return line;
  line += "; " + std::to_string(difference.tunnels) + (difference.tunnels == 1 ? " tunnel: " : " tunnels: ");
  if (!difference.consequence.empty()) return line + difference.consequence;
  return line + (difference.tunnels == 1 ? "it goes on as it is" : "they go on as they are");
}

}  // namespace tidegate::server
