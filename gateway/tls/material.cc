#include "gateway/tls/material.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/base/crypto.h"

namespace tidegate::tls {
namespace {

/// RFC 5077 §5.6, RFC 8446 §4.6.1: a session made where no client certificate was asked for, by other
/// authorities, under another revocation list or for another virtual server, must not resume here: whoever
/// resumes is not verified again.
void bind_tickets(Site& site, const std::string& listener, const std::string& names) {
  std::string bound = "listener " + listener + '\0';
  if (!names.empty()) bound += "names" + names + '\0';
  if (const auto& auth = site.conf.client_auth) {
    bound += "verify " + std::to_string(static_cast<int>(auth->verify)) + ' ' + std::to_string(auth->depth) +
             (auth->refuse_by_status ? " by status" : "") + '\0';
    bound += site.client_ca + '\0' + auth->crl.value + '\0' + site.crl;
  }
  site.session_id_context = sha256(bound);
}

/// What holds for the whole listener, as in nginx.
conf::ListenerTls with_the_listeners(conf::ListenerTls conf, const conf::ListenerTls& listener) {
  conf.protocols = listener.protocols;
  conf.groups = listener.groups;
  conf.session_timeout = listener.session_timeout;
  return conf;
}

bool counts(const conf::ListenerTls& conf) {
  return !conf.certificates.empty() || !conf.self_signed_for.empty() || conf.reject_handshake;
}

void add_name(SiteNames& names, const std::string& name, std::size_t site, const conf::ListenerTls& conf,
              const MakeMatcher& regexes, Diagnostics& diagnostics) {
  if (!name.starts_with('~')) return names.add(name, site);
  if (!regexes) return diagnostics.error(conf.at, "\"" + name + "\": no regexes here; write the names out");
  if (NameMatcher matcher = regexes(name.substr(1), conf.at, diagnostics))
    names.add(std::move(matcher), site);
}

}  // namespace

bool ServerMaterial::Impl::rejects_somebody() const {
  return std::ranges::any_of(sites, [](const Site& site) { return site.conf.reject_handshake; });
}

ServerMaterial::ServerMaterial() : impl_(std::make_unique<Impl>()) {}
ServerMaterial::~ServerMaterial() = default;

std::vector<ServerMaterial::Watched> ServerMaterial::watched() const {
  return impl_->watched;
}

std::shared_ptr<const ServerMaterial> ServerMaterial::load(const conf::ListenerTls& tls,
                                                           const std::string& listener,
                                                           Diagnostics& diagnostics,
                                                           const MakeMatcher& regexes) {
  const Library library;  // as the workers have it, so that what passes here passes there
  std::shared_ptr<ServerMaterial> material(new ServerMaterial);
  Impl& impl = *material->impl_;
  const std::size_t errors_before = diagnostics.errors();
  const auto add = [&](conf::ListenerTls conf, const std::string& names) {
    Site& site = impl.sites.emplace_back();
    site.conf = std::move(conf);
    site.conf.by_name.clear();
    load_site(site, !names.empty(), library, impl.watched, diagnostics);
    bind_tickets(site, listener, names);
  };
  add(tls, "");
  for (const auto& [names, conf] : tls.by_name) {
    if (!counts(conf)) continue;
    std::string all;
    for (const std::string& name : names) {
      all += ' ' + name;
      add_name(impl.names, name, impl.sites.size(), conf, regexes, diagnostics);
    }
    if (!all.empty()) add(with_the_listeners(conf, tls), all);
  }
  if (diagnostics.errors() > errors_before) return nullptr;
  return material;
}

}  // namespace tidegate::tls
