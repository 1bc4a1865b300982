#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "gateway/base/text.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// Handlers for directives that are nothing but a value (nginx's ngx_conf_set_*_slot), with nginx's
// complaints.

namespace tidegate::nginx {

/// The member where the directive stands.
template <typename T>
Set<T>& slot(Work& work, Set<T> LocationSettings::*member) {
  return work.scope().settings->*member;
}
template <typename T>
Set<T>& slot(Work& work, Set<T> ServerSettings::*member) {
  return work.scope().server_settings->*member;
}

/// False, and a complaint, where it has been said before.
template <typename T>
bool is_first(Work& work, const Directive& directive, const Set<T>& value) {
  if (!value) return true;
  work.fail_directive(directive, "is duplicate");
  return false;
}

inline const std::string& first_arg(const Directive& directive) {
  return directive.args.front().text;
}

/// What the grammar has held to be "on" or "off".
inline bool is_on(const Directive& directive) {
  return iequals(first_arg(directive), "on");
}

template <auto Member>
void set_flag(Work& work, const Directive& directive) {
  auto& value = slot(work, Member);
  if (is_first(work, directive, value)) value = is_on(directive);
}

template <auto Member>
void set_text(Work& work, const Directive& directive) {
  auto& value = slot(work, Member);
  if (is_first(work, directive, value)) value = Work::text_of(directive, 0);
}

/// A path that begins where the configuration is; an empty one stays so.
template <auto Member>
void set_conf_path(Work& work, const Directive& directive) {
  auto& value = slot(work, Member);
  if (!is_first(work, directive, value)) return;
  value = Work::text_of(directive, 0);
  if (!value->empty()) value->value = work.full_conf_path(value->value);
}

template <auto Member, auto Read>
void set_read(Work& work, const Directive& directive, std::string_view problem) {
  auto& value = slot(work, Member);
  if (!is_first(work, directive, value)) return;
  if (const auto read = Read(first_arg(directive)))
    value = *read;
  else
    work.fail_directive(directive, problem);
}
template <auto Member>
void set_number(Work& work, const Directive& directive) {
  set_read<Member, read_number>(work, directive, "invalid number");
}
template <auto Member>
void set_size(Work& work, const Directive& directive) {
  set_read<Member, read_size>(work, directive, "invalid value");
}
template <auto Member>
void set_offset(Work& work, const Directive& directive) {
  set_read<Member, read_offset>(work, directive, "invalid value");
}
template <auto Member>
void set_milliseconds(Work& work, const Directive& directive) {
  set_read<Member, read_milliseconds>(work, directive, "invalid value");
}
template <auto Member>
void set_seconds(Work& work, const Directive& directive) {
  set_read<Member, read_seconds>(work, directive, "invalid value");
}

/// ngx_conf_check_num_bounds.
template <auto Member, std::uint64_t Least, std::uint64_t Most>
void set_bounded(Work& work, const Directive& directive) {
  auto& value = slot(work, Member);
  if (!is_first(work, directive, value)) return;
  const auto read = read_number(first_arg(directive));
  if (!read) return work.fail_directive(directive, "invalid number");
  if (*read < Least || *read > Most) {
    return work.fail(directive,
                     "value must be between " + std::to_string(Least) + " and " + std::to_string(Most));
  }
  value = *read;
}

/// Appends to the array of this block.
template <typename T, typename Settings>
std::vector<T>& own_list(Work& work, Set<std::vector<T>> Settings::*member) {
  auto& list = slot(work, member);
  if (!list) list.emplace();
  return *list;
}

inline std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}
/// `invalid parameter "x"`.
inline void invalid_parameter(Work& work, const Directive& directive, std::string_view parameter) {
  work.fail(directive, "invalid parameter " + quoted(parameter));
}
/// "name=value" with this name: its value.
inline std::optional<std::string_view> parameter(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  return text.substr(name.size());
}

}  // namespace tidegate::nginx
