#include "gateway/control/fields.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "gateway/control/text.h"

namespace tidegate::control {

using nlohmann::json;

const json& member(const json& object, const char* key) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string text_of(const json& object, const char* key) {
  const json& value = member(object, key);
  return value.is_string() ? printable(value.get_ref<const std::string&>()) : "";
}

double number_of(const json& object, const char* key) {
  const json& value = member(object, key);
  return value.is_number() ? value.get<double>() : 0;
}

std::string count_of(const json& object, const char* key) {
  return count_text(number_of(object, key));
}

bool flag_of(const json& object, const char* key) {
  const json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace tidegate::control
