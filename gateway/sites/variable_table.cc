#include "gateway/sites/variable_table.h"

#include <array>
#include <utility>

#include "gateway/base/text.h"

namespace tidegate::sites {
namespace {

/// nginx looks for a whole name first, then for the family whose name is longest.
const Builtin* find_builtin(std::string_view name) {
  const Builtin* family = nullptr;
  for (const auto* list : {&request_variables(), &connection_variables(), &answer_variables()}) {
    for (const Builtin& builtin : *list) {
      if (builtin.name == name) return &builtin;
      const bool fits = builtin.name.ends_with('_') && name.starts_with(builtin.name);
      if (fits && (family == nullptr || builtin.name.size() > family->name.size())) family = &builtin;
    }
  }
  return family;
}

}  // namespace

std::uint32_t VariableTable::number(std::string_view name, const Position& at) {
  const auto next = static_cast<std::uint32_t>(variables_.size());
  const auto [found, added] = numbers_.emplace(name, next);
  if (added) variables_.push_back({.name = std::string(name), .at = at});
  return found->second;
}

std::uint32_t VariableTable::assign(std::string_view name, const Position& at, Diagnostics& diagnostics) {
  const std::uint32_t n = capture(name, at, diagnostics);
  variables_[n].is_set = true;
  return n;
}

std::uint32_t VariableTable::capture(std::string_view name, const Position& at, Diagnostics& diagnostics) {
  const std::string lower = to_lower(name);
  const Builtin* builtin = find_builtin(lower);
  if (builtin != nullptr && builtin->name == lower && !builtin->settable)
    diagnostics.error(at, "the duplicate \"" + lower + "\" variable");
  const std::uint32_t n = number(lower, at);
  variables_[n].assigned = true;
  return n;
}

void VariableTable::compute(std::string_view name, const Position& at, std::unique_ptr<Computed> computed,
                            Diagnostics& diagnostics) {
  const std::uint32_t n = assign(name, at, diagnostics);
  variables_[n].computed = computed.get();
  computed_.push_back(std::move(computed));
}

void VariableTable::finish(Diagnostics& diagnostics) {
  for (Variable& variable : variables_) {
    const Builtin* builtin = find_builtin(variable.name);
    const bool whole = builtin != nullptr && builtin->name == variable.name;
    if (variable.computed != nullptr || (variable.assigned && !whole)) continue;
    if (builtin == nullptr) {
      diagnostics.error(variable.at, "unknown \"" + variable.name + "\" variable");
      continue;
    }
    variable.read = builtin->read;
    if (!whole) variable.rest = variable.name.substr(builtin->name.size());
  }
}

}  // namespace tidegate::sites
