#include "tests/integration/site_gateway.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>

namespace tidegate::test {

Site::Site(conf::Config& config) : config_(config) {
  conf::VirtualServer server;
  server.names.push_back({{"example.com", {}}, false});
  server.first_name = "example.com";
  server.locations.reserve(64);  // so that what at() answers stays
  sites_.servers.push_back(std::move(server));
  sites_.by_listener.assign(config.listeners.size(), {{0}, 0});
  config_.routes.clear();
  config_.routes.reserve(64);
  add(conf::Location::Kind::server, "");
}

Site::~Site() {
  config_.sites = std::make_shared<const conf::Sites>(std::move(sites_));
}

conf::Location& Site::add(conf::Location::Kind kind, const std::string& pattern) {
  std::vector<conf::Location>& all = sites_.servers.front().locations;
  const std::size_t index = all.size();
  conf::Route& route = config_.routes.emplace_back();
  route.name = pattern.empty() ? "example.com" : pattern;
  route.path.text.value = "/";
  conf::Location& location = all.emplace_back();
  location.kind = kind;
  location.pattern.value = pattern;
  location.route = index;
  if (index > 0) {
    all.front().nested.push_back(index);
    location.parent = 0;
  }
  return location;
}

conf::Location& Site::at(const std::string& prefix) {
  return add(conf::Location::Kind::prefix, prefix);
}

conf::Location& Site::exactly(const std::string& path) {
  return add(conf::Location::Kind::exact, path);
}

conf::Location& Site::named(const std::string& name) {
  return add(conf::Location::Kind::named, name);
}

conf::Route& Site::route(const conf::Location& location) {
  return config_.routes[location.route];
}

conf::Upstream& Site::upstream(const std::string& name) {
  for (conf::Upstream& upstream : config_.upstreams) {
    if (upstream.name == name) return upstream;
  }
  ADD_FAILURE() << "no upstream " << name;
  return config_.upstreams.front();
}

conf::ProxyPass& Site::pass(conf::Location& location, const std::string& upstream) {
  conf::ProxyPass& proxy = location.proxy.emplace();
  proxy.upstream = upstream;
  proxy.target.value = "http://" + upstream;
  proxy.host = upstream;
  proxy.port = "80";
  proxy.set_fields = {{"Host", {"$proxy_host", {}}}, {"Connection", {"close", {}}}};
  for (const char* name : {"Keep-Alive", "TE", "Expect", "Upgrade"}) proxy.set_fields.push_back({name, {}});
  proxy.hide_fields = {"Date",
                       "Server",
                       "X-Pad",
                       "X-Accel-Expires",
                       "X-Accel-Redirect",
                       "X-Accel-Limit-Rate",
                       "X-Accel-Buffering",
                       "X-Accel-Charset"};
  return proxy;
}

void Site::set(conf::ProxyPass& proxy, const std::string& name, const std::string& value) {
  for (auto& [known, text] : proxy.set_fields) {
    if (known == name) {
      text.value = value;
      return;
    }
  }
  proxy.set_fields.push_back({name, {value, {}}});
}

void Site::upgrade(conf::ProxyPass& proxy) {
  proxy.minor_version = 1;
  set(proxy, "Upgrade", "$http_upgrade");
  set(proxy, "Connection", "upgrade");
}

conf::RewriteStep Site::respond(int status, const std::string& value) {
  conf::RewriteStep step;
  step.kind = conf::RewriteStep::Kind::respond;
  step.status = status;
  step.value.value = value;
  return step;
}

void Site::error_page(conf::Location& location, std::vector<int> statuses, const std::string& target) {
  location.error_pages.push_back({std::move(statuses), std::nullopt, {target, {}}});
}

void Site::log(const std::string& format, const std::string& path) {
  sites_.log_formats["test"].text.value = format;
  for (conf::Location& location : sites_.servers.front().locations) {
    location.access_logs.push_back({path, "test", {}});
  }
}

namespace {

std::string yaml_of(const SiteGateway::Upstreams& upstreams) {
  std::string yaml =
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - path: /\n    upstream: " +
      upstreams.front().first + "\nupstreams:\n";
  for (const auto& [name, servers] : upstreams) {
    yaml += "  " + name + ":\n    servers:\n";
    for (const std::string& server : servers) yaml += "      - address: " + server + "\n";
  }
  return yaml + "workers: 1\n";
}

}  // namespace

SiteGateway::SiteGateway(const Upstreams& upstreams, std::function<void(Site&)> build)
    : Gateway(yaml_of(upstreams), [build = std::move(build)](conf::Config& config) {
        for (conf::Upstream& upstream : config.upstreams) {
          upstream.keepalive_idle =
              std::chrono::milliseconds(0);  // as in nginx, where nothing says `keepalive`
          for (conf::Server& server : upstream.servers) server.max_fails = 1;
        }
        Site site(config);
        build(site);
      }) {}

std::vector<std::string> SiteGateway::lines(const std::string& path, std::size_t at_least) {
  std::vector<std::string> lines;
  EXPECT_TRUE(eventually([&] {
    lines.clear();
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines.size() >= at_least;
  })) << path
      << " has " << lines.size() << " lines";
  return lines;
}

}  // namespace tidegate::test
