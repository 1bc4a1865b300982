#pragma once

#include <string>
#include <vector>

#include "conf/model.h"

namespace tidegate::conf {

/// "yourdomain.com/", "/healthz", "yourdomain.com~^/room/": what identifies a route without a name.
std::string plain_route_name(const Route& route);

/// Gives every route without a name its own: the plain one, with "#2" and so on where that is taken.
void name_routes(std::vector<Route>& routes);

}  // namespace tidegate::conf
