#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"

namespace tidegate::sites {

struct Request;

/// A variable whose value is made from others: map, geo, split_clients.
class Computed {
 public:
  virtual ~Computed() = default;
  virtual void compute(Request& request, std::string& out) const = 0;
  virtual bool cached() const { return true; }  ///< asked for once per request
};

/// Reads one of nginx's own variables; `rest` is what follows a family's name (`foo` of `$http_foo`). False:
/// it has no value.
using Reader = bool (*)(Request& request, std::string_view rest, std::string& out);

struct Builtin {
  std::string_view name;  ///< with "_" at its end: a family
  Reader read;
  bool settable = false;
};
/// What is known of the request and its connection; of its files; of the answer and the upstream.
const std::vector<Builtin>& request_variables();
const std::vector<Builtin>& connection_variables();
const std::vector<Builtin>& answer_variables();

/// The variables that a configuration names, by number. Filled while it is compiled, immutable afterwards.
class VariableTable {
 public:
  struct Variable {
    std::string name;
    Position at{};  ///< where it was named first
    Reader read = nullptr;
    std::string rest{};
    const Computed* computed = nullptr;
    bool assigned = false;  ///< by `set`, auth_request_set or a regex's named group
    bool is_set = false;    ///< not only by a regex: it is empty, not missing, before its time
  };

  /// The number of a variable that is used; `name` is in lower case.
  std::uint32_t number(std::string_view name, const Position& at);
  /// The number of a variable that the configuration gives a value. One of nginx's own: a complaint.
  std::uint32_t assign(std::string_view name, const Position& at, Diagnostics& diagnostics);
  /// The same for a regex's named group.
  std::uint32_t capture(std::string_view name, const Position& at, Diagnostics& diagnostics);
  void compute(std::string_view name, const Position& at, std::unique_ptr<Computed> computed,
               Diagnostics& diagnostics);
  /// After the last name: complains of those that nobody gives a value.
  void finish(Diagnostics& diagnostics);

  const Variable& at(std::uint32_t number) const { return variables_[number]; }
  std::size_t size() const { return variables_.size(); }

 private:
  std::vector<Variable> variables_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::unique_ptr<Computed>> computed_;
};

}  // namespace tidegate::sites
