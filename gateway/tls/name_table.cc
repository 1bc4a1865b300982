#include <algorithm>

#include "gateway/tls/material.h"

namespace tidegate::tls {

std::optional<std::size_t> NameTable::find(std::string_view name) const {
  if (const auto exact = by_name.find(name); exact != by_name.end()) return exact->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const auto wildcard = by_name.find("*" + std::string(name.substr(dot)));
  if (wildcard == by_name.end()) return std::nullopt;
  return wildcard->second;
}

NameTable make_name_table(const std::vector<Subject>& subjects) {
  // The first certificate of each kind of key wins a name.
  std::map<std::string, NameTable::Set, std::less<>> sets_by_name;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    for (const std::string& name : subjects[i].names) {
      NameTable::Set& set = sets_by_name[name];
      const bool taken = std::ranges::any_of(
          set, [&](std::size_t other) { return subjects[other].key_type == subjects[i].key_type; });
      if (!taken) set.push_back(i);
    }
  }

  NameTable table;
  const auto index_of = [&table](const NameTable::Set& set) {
    const auto found = std::ranges::find(table.sets, set);
    if (found == table.sets.end()) table.sets.push_back(set);
    return static_cast<std::size_t>(std::ranges::find(table.sets, set) - table.sets.begin());
  };
  if (!subjects.empty()) {
    const std::vector<std::string>& first = subjects.front().names;
    index_of(first.empty() ? NameTable::Set{0} : sets_by_name[first.front()]);
  }
  for (const auto& [name, set] : sets_by_name) table.by_name.emplace(name, index_of(set));
  return table;
}

}  // namespace tidegate::tls
