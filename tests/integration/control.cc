#include "tests/integration/control.h"

#include <gtest/gtest.h>

#include "tests/integration/messages.h"

namespace tidegate::test {

Peer connect_to_admin(const Gateway& gateway) {
  return Peer::connect_unix(gateway.admin_addresses().at(0).unix_path);
}

Peer connect_to_admin_port(const Gateway& gateway) {
  return Peer::connect(gateway.admin_addresses().at(1).port);
}

std::string admin_request(const std::string& method, const std::string& target, const std::string& body,
                          const std::string& fields) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

std::string ask_admin(const Gateway& gateway, const std::string& method, const std::string& target,
                      const std::string& body) {
  Peer peer = connect_to_admin(gateway);
  peer.send(admin_request(method, target, body, "Connection: close\r\n"));
  return peer.read_to_end();
}

nlohmann::json admin_json(const Gateway& gateway, const std::string& target) {
  const std::string answer = ask_admin(gateway, "GET", target);
  EXPECT_EQ(status_of(answer), 200) << answer;
  EXPECT_EQ(field_of(answer, "Content-Type"), "application/json");
  return nlohmann::json::parse(body_of(answer), nullptr, /*allow_exceptions=*/false);
}

std::string error_of(const std::string& answer) {
  const auto json = nlohmann::json::parse(body_of(answer), nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(json.is_object() && json.size() == 1 && json.contains("error")) << answer;
  return json.is_object() ? json.value("error", "") : "";
}

}  // namespace tidegate::test
