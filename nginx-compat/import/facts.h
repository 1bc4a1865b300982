#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/sites.h"

namespace tidegate::nginx {

/// The names of the variables in a template, in order: "host", "1".
std::vector<std::string> variables_in(std::string_view text);

/// Does YAML know this variable of nginx's?
bool yaml_has_variable(std::string_view name);
/// All that the template asks for?
bool yaml_has_variables_of(std::string_view text);

/// What is known of a request before it has come: the listener says its scheme, the route its host, `set`
/// what it sets.
class Facts {
 public:
  void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }
  void forget(const std::string& name) { values_.erase(name); }
  /// The host is none that anybody names.
  void host_is_another() { another_host_ = true; }
  /// The host is one of these; a wildcard among them may be anything below it.
  void host_is_one_of(std::vector<std::string> hosts) { hosts_ = std::move(hosts); }

  /// The template with what is known put in.
  std::string fold(std::string_view text) const;
  /// Does a condition hold? Nothing: that depends on the request.
  std::optional<bool> holds(const conf::Condition& condition) const;

  /// Forgets what the other does not know likewise.
  void keep_common(const Facts& other) {
    std::erase_if(values_, [&other](const auto& entry) {
      const auto found = other.values_.find(entry.first);
      return found == other.values_.end() || found->second != entry.second;
    });
    another_host_ = another_host_ && other.another_host_;
  }

  bool operator==(const Facts&) const = default;

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> hosts_;
  bool another_host_ = false;
};

}  // namespace tidegate::nginx
