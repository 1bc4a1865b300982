#include "conf/front_door.h"

namespace tidegate::conf {

Config front_door(const Server& to, const ListenAddress& http, const ListenAddress& https,
                  const std::string& machine) {
  Listener plain;
  plain.name = "http";
  plain.address = http;
  const std::string port = https.port == 443 ? "" : ":" + std::to_string(https.port);
  plain.redirect = Redirect{301, {"https://$host" + port + "$request_uri", {}}};
  plain.redirect_to_https = true;

  Listener secure;
  secure.name = "https";
  secure.address = https;
  secure.tls.emplace();
  secure.tls->self_signed_for = {"localhost", "127.0.0.1", "::1"};
  if (!machine.empty() && machine != "localhost") secure.tls->self_signed_for.push_back(machine);

  Upstream app;
  app.name = "app";
  app.servers = {to};

  Route everything;
  everything.name = "/";
  everything.upstream = {"app", {}};

  Config config;
  config.listeners = {plain, secure};
  config.routes = {everything};
  config.upstreams = {app};
  return config;
}

}  // namespace tidegate::conf
