#include "nginx-compat/directives.h"

#include <algorithm>
#include <unordered_map>

#include "nginx-compat/directive_table.h"

namespace tidegate::nginx {
namespace {

using Table = std::unordered_multimap<std::string_view, const DirectiveRule*>;

const Table& table() {
  static const Table all = [] {
    Table rules;
    for (const DirectiveRule& rule : front_door_rules()) rules.emplace(rule.name, &rule);
    for (const DirectiveRule& rule : other_module_rules()) rules.emplace(rule.name, &rule);
    return rules;
  }();
  return all;
}

}  // namespace

bool is_directive(std::string_view name) {
  return table().contains(name);
}

const DirectiveRule* find_directive(std::string_view name, Context context) {
  const auto [begin, end] = table().equal_range(name);
  const auto found = std::find_if(
      begin, end, [context](const auto& entry) { return (entry.second->contexts & context) != 0; });
  return found != end ? found->second : nullptr;
}

}  // namespace tidegate::nginx
