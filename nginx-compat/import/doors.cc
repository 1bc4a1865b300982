#include <algorithm>

#include "nginx-compat/import/lowering.h"

// Listeners: one of YAML's for both families of a port, with the certificates of every server there.

namespace tidegate::nginx {
namespace {

bool is_any(const conf::ListenAddress& address) {
  return address.unix_path.empty() &&
         (address.host.empty() || address.host == "0.0.0.0" || address.host == "::");
}

/// Do both ask for the same, but for where they listen?
bool are_alike(const conf::Listener& a, const conf::Listener& b) {
  conf::SocketOptions socket = a.socket;
  socket.ipv6_only = b.socket.ipv6_only;
  return a.tls == b.tls && a.proxy_protocol == b.proxy_protocol &&
         a.proxy_protocol_from_all == b.proxy_protocol_from_all && socket == b.socket && is_any(a.address) &&
         is_any(b.address) && a.address.port == b.address.port;
}

void add_certificates(const std::vector<conf::Certificate>& from, std::vector<conf::Certificate>& to) {
  for (const conf::Certificate& certificate : from) {
    if (std::find(to.begin(), to.end(), certificate) == to.end()) to.push_back(certificate);
  }
}

}  // namespace

void Lowering::find_doors() {
  const auto& listeners = in_.config.listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const conf::ListenerServers& here = sites_.by_listener[i];
    const auto same = std::find_if(doors_.begin(), doors_.end(), [&](const Door& door) {
      return are_alike(listeners[door.listeners.front()], listeners[i]) && door.servers == here.servers &&
             door.otherwise == here.otherwise;
    });
    if (same != doors_.end()) {
      same->listeners.push_back(i);
    } else {
      Door door;
      door.listeners = {i};
      door.servers = here.servers;
      door.otherwise = here.otherwise;
      doors_.push_back(std::move(door));
    }
  }
  std::stable_partition(doors_.begin(), doors_.end(),
                        [&](const Door& door) { return !listeners[door.listeners.front()].tls; });
  name_doors();
}

/// "http" and "https", with the port where there are several.
void Lowering::name_doors() {
  const auto& listeners = in_.config.listeners;
  const auto kind = [&](const Door& door) {
    return std::string(listeners[door.listeners.front()].tls ? "https" : "http");
  };
  std::set<std::string> taken;
  for (Door& door : doors_) {
    const conf::ListenAddress& address = listeners[door.listeners.front()].address;
    const auto of_its_kind = std::count_if(doors_.begin(), doors_.end(),
                                           [&](const Door& other) { return kind(other) == kind(door); });
    door.name = kind(door);
    if (of_its_kind > 1 && address.port != 80 && address.port != 443) {
      door.name += address.unix_path.empty() ? "-" + std::to_string(address.port) : "-socket";
    }
    const std::string plain = door.name;
    for (unsigned n = 2; !taken.insert(door.name).second; ++n) door.name = plain + "-" + std::to_string(n);
  }
}

conf::ListenAddress Lowering::address_of(const Door& door) {
  conf::ListenAddress address = in_.config.listeners[door.listeners.front()].address;
  address.text.clear();
  if (!address.unix_path.empty()) {
    address.text = "unix:" + address.unix_path;
    return address;
  }
  if (!is_any(address)) {
    const bool v6 = address.host.find(':') != std::string::npos;
    address.text = (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
    return address;
  }
  const conf::Listener& listener = in_.config.listeners[door.listeners.front()];
  const bool port_is_shared = std::any_of(doors_.begin(), doors_.end(), [&](const Door& other) {
    const conf::ListenAddress& its = in_.config.listeners[other.listeners.front()].address;
    return &other != &door && its.unix_path.empty() && its.port == address.port;
  });
  if (door.listeners.size() == 1 && address.host == "0.0.0.0" && port_is_shared) {
    address.text = "0.0.0.0:" + std::to_string(address.port);
    return address;
  }
  if (door.listeners.size() == 1 && address.host == "::" && listener.socket.ipv6_only) {
    address.text = "[::]:" + std::to_string(address.port);
    return address;
  }
  if (door.listeners.size() == 1 && address.host == "0.0.0.0") {
    report_.note(address.at, Kind::approximated, "IPv6 addresses too");
  }
  address.host.clear();
  address.text = ":" + std::to_string(address.port);
  return address;
}

void Lowering::note_challenge(const conf::Location& location, const Door& door) {
  const Place* place = report_.at(location.at);
  const std::string& path = location.pattern.value;
  const bool exact = path == "/.well-known/acme-challenge/" || path == "/.well-known/acme-challenge";
  report_.note(location.at, exact ? Kind::exact : Kind::approximated,
               exact ? "" : "of this folder only acme-challenge/ is served");
  const bool same = challenge_root(location) == door.acme_challenge;
  for (const char* name : {"root", "alias"}) {
    report_.note(
        place, name, same ? Kind::exact : Kind::refused,
        same ? ""
             : "a listener has one folder for challenges, " + door.acme_challenge + "; use that for all");
  }
  for (const char* name : {"allow", "try_files"}) report_.note(place, name, Kind::exact);
}

void Lowering::find_challenges() {
  for (Door& door : doors_) {
    for (const std::size_t index : door.servers) {
      for (const conf::Location& location : sites_.servers[index].locations) {
        if (!is_challenge(location)) continue;
        if (door.acme_challenge.empty()) door.acme_challenge = challenge_root(location);
        note_challenge(location, door);
      }
    }
  }
}

/// A listener redirects where all of its servers do, or have nothing else to say to hosts that nobody names.
void Lowering::find_redirects() {
  for (std::size_t i = 0; i < doors_.size(); ++i) {
    Door& door = doors_[i];
    if (in_.config.listeners[door.listeners.front()].tls) continue;
    std::vector<FixedAnswer> redirects;
    bool others_fit = true;
    std::optional<FixedAnswer> refusal;
    for (const std::size_t server : door.servers) {
      for (const Visit& visit : visits_of(door, i, server)) {
        const auto& answer = visit.answer;
        const bool redirect = answer && answer->redirects() && answer->leads_to_url() &&
                              yaml_has_variables_of(answer->value) &&
                              (answer->redirects_to_https() || door.servers.size() == 1);
        if (redirect) redirects.push_back(*answer);
        if (!visit.host.empty() || redirect) continue;
        others_fit = answer && !answer->redirects() && answer->status >= 400;
        if (others_fit) refusal = answer;
      }
    }
    if (redirects.empty() || !others_fit) continue;
    const auto most = std::max_element(redirects.begin(), redirects.end(), [&](const auto& a, const auto& b) {
      return std::count(redirects.begin(), redirects.end(), a) <
             std::count(redirects.begin(), redirects.end(), b);
    });
    door.redirect = *most;
    if (refusal) {
      report_.note(refusal->at, Kind::approximated,
                   "hosts that no server names are redirected like the others");
    }
  }
}

void Lowering::note_tls(const conf::ListenerTls& tls, const std::string& who, const conf::ListenerTls& main) {
  const auto refuse = [&](const Position& at, const std::string& why) {
    report_.note(at, Kind::refused, why);
  };
  if (tls.ciphers != main.ciphers) {
    report_.note(tls.ciphers.at, Kind::approximated, "one list for the listener: that of its default server");
  }
  if (tls.client_auth != main.client_auth) {
    const conf::Text& ca = tls.client_auth ? tls.client_auth->ca : main.client_auth->ca;
    refuse(ca.at, "YAML asks all clients of a listener for certificates, or none; give " + who +
                      " a port of its own, or keep `tidegate run --nginx`");
  }
  if (!tls.key_passwords.empty()) {
    refuse(tls.key_passwords.at, "YAML has no passphrases; take it off the key with `openssl pkey`");
  }
  for (const auto& [name, value] : tls.commands) refuse(value.at, "YAML has no word for OpenSSL's commands");
  if (tls.client_auth && !tls.client_auth->crl.empty()) {
    refuse(tls.client_auth->crl.at, "YAML has no revocation lists; keep `tidegate run --nginx`");
  }
}

conf::ListenerTls Lowering::tls_of(const Door& door) {
  const conf::ListenerTls& main = *in_.config.listeners[door.listeners.front()].tls;
  conf::ListenerTls tls;
  tls.certificates = main.certificates;
  // What nobody said is the gateway's own choice.
  const Place* server = place_of(sites_.servers[door.otherwise]);
  if (report_.given(server, "ssl_protocols")) tls.protocols = main.protocols;
  if (report_.given(server, "ssl_ciphers")) tls.ciphers = main.ciphers;
  if (report_.given(server, "ssl_prefer_server_ciphers"))
    tls.prefer_server_ciphers = main.prefer_server_ciphers;
  if (!report_.given(server, "ssl_protocols") || !report_.given(server, "ssl_ciphers")) {
    report_.note(server, "ssl_certificate", Kind::approximated,
                 "with the gateway's protocols (1.2, 1.3) or ciphers, where nothing is said of them");
  }
  tls.session_tickets = main.session_tickets;
  tls.reject_unknown_sni = main.reject_unknown_sni || main.reject_handshake;
  tls.client_auth = main.client_auth;
  if (tls.client_auth) {
    tls.client_auth->crl = {};
    tls.client_auth->depth = 0;
    if (tls.client_auth->verify == conf::ClientAuth::Verify::optional_no_ca) {
      report_.note(tls.client_auth->ca.at, Kind::refused,
                   "YAML believes no certificate that nobody has signed");
      tls.client_auth.reset();
    }
  }
  note_tls(main, "it", main);
  for (const conf::NamedTls& named : main.by_name) {
    add_certificates(named.tls.certificates, tls.certificates);
    note_tls(named.tls, named.names.empty() ? "it" : named.names.front(), main);
  }
  return tls;
}

void Lowering::lower_listeners() {
  for (const Door& door : doors_) {
    conf::Listener listener;
    listener.name = door.name;
    listener.address = address_of(door);
    const conf::Listener& from = in_.config.listeners[door.listeners.front()];
    if (from.proxy_protocol) {
      const bool trusts = !out_.config.trusted_proxies.empty();
      listener.proxy_protocol = trusts;
      report_.note(
          from.address.at, trusts ? Kind::approximated : Kind::refused,
          trusts ? "only trusted_proxies may connect"
                 : "proxy_protocol is for trusted_proxies; say in http with set_real_ip_from who they are");
    }
    for (const std::size_t each : door.listeners) {
      const auto& through = sites_.by_listener[each].through;
      if (!through ||
          std::find(door.listeners.begin(), door.listeners.end(), *through) != door.listeners.end())
        continue;
      report_.note(in_.config.listeners[each].address.at, Kind::refused,
                   "YAML has no address beside every address of the same port; keep `tidegate run --nginx`");
    }
    if (from.tls) listener.tls = tls_of(door);
    if (door.redirect) {
      listener.redirect = conf::Redirect{door.redirect->status, {door.redirect->value, {}}};
      listener.redirect_to_https = door.redirect->redirects_to_https();
    }
    listener.acme_challenge.value = door.acme_challenge;
    out_.config.listeners.push_back(std::move(listener));
  }
}

}  // namespace tidegate::nginx
