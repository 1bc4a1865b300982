#include "gateway/admin/server_order.h"

#include "gateway/admin/json.h"

namespace tidegate::admin {
namespace {

using server::ServerOrder;

/// As in a configuration.
constexpr unsigned kMostWeight = 1000;
constexpr char kForms[] = R"(write {"state": "drain"}, {"state": "up"}, {"weight": 3} or {"weight": null})";

bool read_state(const Json& value, ServerOrder& out) {
  if (value == "drain") {
    out.state = ServerOrder::State::drain;
  } else if (value == "up") {
    out.state = ServerOrder::State::up;
  }
  return out.state.has_value();
}

bool read_weight(const Json& value, ServerOrder& out) {
  if (value.is_null()) {
    out.weight = 0;
  } else if (value.is_number_unsigned() && value >= 1u && value <= kMostWeight) {
    out.weight = value.get<unsigned>();
  }
  return out.weight.has_value();
}

}  // namespace

std::optional<ServerOrder> parse_server_order(std::string_view body, std::string& problem) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  ServerOrder order;
  if (!json.is_object() || json.empty()) {
    problem = std::string("the body is not an order; ") + kForms;
    return std::nullopt;
  }
  for (const auto& [name, value] : json.items()) {
    if (name == "state" && !read_state(value, order)) {
      problem = R"("state" is neither "up" nor "drain"; write one of them)";
    } else if (name == "weight" && !read_weight(value, order)) {
      problem = "\"weight\" does not fit; write a number from 1 to " + std::to_string(kMostWeight) +
                ", or null for the configured one";
    } else if (name != "state" && name != "weight") {
      problem = "\"" + name + "\" is not a part of an order; " + kForms;
    }
  }
  if (!problem.empty()) return std::nullopt;
  return order;
}

std::string to_string(const ServerOrder& order) {
  std::string text;
  if (order.state) text = *order.state == ServerOrder::State::drain ? "state drain" : "state up";
  if (!order.weight) return text;
  if (!text.empty()) text += ", ";
  return text + (*order.weight == 0 ? "weight as configured" : "weight " + std::to_string(*order.weight));
}

}  // namespace tidegate::admin
