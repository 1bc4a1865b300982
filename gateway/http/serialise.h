#pragma once

#include <string>
#include <string_view>

#include "gateway/http/forward.h"

namespace tidegate::http {

/// `name: value` as a field line. The value came through a parser, or is ours.
void append_field(std::string& out, std::string_view name, std::string_view value);
/// The same for a value made of variables: a decoded $uri may hold what must not stand in a field, so that
/// controls are written as the %XX that they once were.
void append_made_field(std::string& out, std::string_view name, std::string_view value);
/// A target for a request line; controls, SP and '#' are written as %XX.
void append_target(std::string& out, std::string_view target);
void append_number(std::string& out, std::uint64_t number);
/// `HTTP/1.1 status phrase` and CRLF.
void append_status_line(std::string& out, int status, std::string_view phrase);

/// The rules of a route against one message. Framing and hop-by-hop fields are no rule's business: for them,
/// there are no rules.
class AppliedRules {
 public:
  explicit AppliedRules(const FieldRules* rules) : rules_(rules) {}
  /// Sets or removes a rule the fields of that name?
  bool touches(std::string_view name) const;
  /// The value that a rule sets; null if none does, or an empty one does.
  const std::string* set_value(std::string_view name) const;
  /// Writes what the rules set, but for fields named `except`, then what they add.
  void append_set(std::string& out, std::string_view except = {}) const;

 private:
  const FieldRules* rules_;
};

}  // namespace tidegate::http
