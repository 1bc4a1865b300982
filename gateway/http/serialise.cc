#include "gateway/http/serialise.h"

#include <charconv>

#include "gateway/base/text.h"
#include "gateway/http/hop_by_hop.h"

namespace tidegate::http {
namespace {

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool is_settable(std::string_view name) {
  return !is_hop_by_hop(name) && !iequals(name, "Content-Length");
}

}  // namespace

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void append_made_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (char c : value) {
    if (is_control(c) && c != '\t') {
      append_escaped(out, c);
    } else {
      out += c;
    }
  }
  out += "\r\n";
}

void append_target(std::string& out, std::string_view target) {
  for (char c : target) {
    if (is_control(c) || c == ' ' || c == '#') {
      append_escaped(out, c);
    } else {
      out += c;
    }
  }
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void append_status_line(std::string& out, int status, std::string_view phrase) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  out += ' ';
  out += phrase;
  out += "\r\n";
}

bool AppliedRules::touches(std::string_view name) const {
  if (rules_ == nullptr || !is_settable(name)) return false;
  for (const auto& [set, value] : rules_->set) {
    if (iequals(set, name)) return true;
  }
  for (std::string_view removed : rules_->remove) {
    if (iequals(removed, name)) return true;
  }
  return false;
}

const std::string* AppliedRules::set_value(std::string_view name) const {
  const std::string* found = nullptr;
  if (rules_ == nullptr || !is_settable(name)) return found;
  for (const auto& [set, value] : rules_->set) {
    if (iequals(set, name)) found = value.empty() ? nullptr : &value;
  }
  return found;
}

void AppliedRules::append_set(std::string& out, std::string_view except) const {
  if (rules_ == nullptr) return;
  for (const auto& [name, value] : rules_->set) {
    if (!value.empty() && is_settable(name) && !iequals(name, except)) append_made_field(out, name, value);
  }
  for (const auto& [name, value] : rules_->add) {
    if (!value.empty() && is_settable(name)) append_made_field(out, name, value);
  }
}

}  // namespace tidegate::http
