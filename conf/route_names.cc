#include "conf/route_names.h"

#include <map>
#include <set>

namespace tidegate::conf {

std::string plain_route_name(const Route& route) {
  std::string name = route.hosts.empty() ? "" : route.hosts.front();
  if (route.path.kind == PathMatch::Kind::regex) name += '~';
  return name + route.path.text.value;
}

void name_routes(std::vector<Route>& routes) {
  std::set<std::string> taken;
  for (const Route& route : routes) {
    if (!route.name.empty()) taken.insert(route.name);
  }
  std::map<std::string, unsigned> last_suffix;
  for (Route& route : routes) {
    if (!route.name.empty()) continue;
    const std::string plain = plain_route_name(route);
    std::string name = plain;
    unsigned& suffix = last_suffix.try_emplace(plain, 1u).first->second;
    while (!taken.insert(name).second) name = plain + "#" + std::to_string(++suffix);
    route.name = std::move(name);
  }
}

}  // namespace tidegate::conf
