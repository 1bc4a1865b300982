#include "gateway/front_door_command.h"

#include <unistd.h>

#include <cstdio>

#include "conf/addresses.h"
#include "conf/front_door.h"

namespace tidegate {
namespace {

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

std::optional<conf::Config> front_door(const FrontDoor& options, Diagnostics& diagnostics) {
  conf::Server to;
  conf::ListenAddress http;
  conf::ListenAddress https;
  std::string problem;
  if (!conf::parse_server_url(options.to, to, problem)) diagnostics.error({"--to"}, problem);
  if (!conf::parse_listen_address(options.http, http, problem)) diagnostics.error({"--http"}, problem);
  if (!conf::parse_listen_address(options.https, https, problem)) diagnostics.error({"--https"}, problem);
  if (diagnostics.failed()) return std::nullopt;
  http.at.file = "--http";
  https.at.file = "--https";
  return conf::front_door(to, http, https, machine_name());
}

void print_urls(const conf::Config& config, const std::string& what) {
  const auto url = [](const char* scheme, const conf::ListenAddress& address, unsigned usual) {
    std::string text = std::string(scheme) + "://localhost";
    if (address.port != usual) text += ':' + std::to_string(address.port);
    return text + '/';
  };
  std::printf(
      "\n  %s\n\n    %s   (self-signed certificate: the browser will ask once)\n    %s   redirects there\n\n"
      "  Ctrl-C stops.\n\n",
      what.c_str(), url("https", config.listeners[1].address, 443).c_str(),
      url("http", config.listeners[0].address, 80).c_str());
  std::fflush(stdout);
}

}  // namespace tidegate
