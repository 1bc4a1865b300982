#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/gateway.h"

namespace tidegate::test {

/// An `admin` on a unix socket and a loopback port, for a gateway's YAML.
inline constexpr char kAdmin[] = "admin: { address: [\"unix:${dir}/admin.sock\", \"127.0.0.1:0\"] }\n";

/// To the unix socket, and to the port, of kAdmin.
Peer connect_to_admin(const Gateway& gateway);
Peer connect_to_admin_port(const Gateway& gateway);

/// A request of HTTP/1.1 with this body, if any; `fields` are whole lines.
std::string admin_request(const std::string& method, const std::string& target, const std::string& body = "",
                          const std::string& fields = "");
/// Over the unix socket, on a connection of its own: the whole answer, and its body as JSON.
std::string ask_admin(const Gateway& gateway, const std::string& method, const std::string& target,
                      const std::string& body = "");
nlohmann::json admin_json(const Gateway& gateway, const std::string& target);
/// {"error": …} of an answer; empty, and a failed test, where there is none.
std::string error_of(const std::string& answer);

}  // namespace tidegate::test
