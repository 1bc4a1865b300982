#include "gateway/http/head.h"

#include "gateway/base/text.h"

namespace tidegate::http {

const Field* Head::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (iequals(field.name, name)) return &field;
  }
  return nullptr;
}

std::string_view Head::value(std::string_view name) const {
  const Field* field = find(name);
  return field == nullptr ? std::string_view{} : field->value;
}

std::size_t Head::count(std::string_view name) const {
  std::size_t count = 0;
  for (const Field& field : fields) count += iequals(field.name, name) ? 1 : 0;
  return count;
}

bool Head::lists(std::string_view name, std::string_view token) const {
  bool found = false;
  for (const Field& field : fields) {
    if (!iequals(field.name, name)) continue;
    for_each_list_element(field.value,
                          [&](std::string_view element) { found = found || iequals(element, token); });
  }
  return found;
}

}  // namespace tidegate::http
